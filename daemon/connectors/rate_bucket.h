#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "shared/clock.h"

namespace tba::connectors {

/// What an answer tells of a count.
struct ToldCount {
  std::optional<std::int64_t> limit;      ///< Requests in each window.
  std::optional<std::int64_t> remaining;  ///< In this one.
  std::optional<Instant> reset_at;        ///< When the next one begins.

  bool is_whole() const { return remaining && reset_at; }
};

/// One count that an API keeps of our requests: when the next one may be sent.
///
/// As long as answers tell of the count, that is what is followed. Where they do not, no more than
/// what is known beforehand is sent in any span of that length, however the API's own windows lie.
/// Where only answers tell, and none has yet, one request is sent to find out. Those who have to
/// wait are given turns one after the other, so that they do not all come at once.
class RateBucket {
 public:
  /// What is known beforehand: so many requests in each span of that time, 0 where nothing is; and
  /// whether answers are said to tell the rest.
  void know(std::int64_t requests, Duration per, bool is_told);

  /// When a request may be sent: `now`, or later.
  Instant turn(Instant now);

  /// A request is sent now.
  void count(Instant now);

  /// Somebody waits for that turn, so that whoever asks next has another.
  void reserve(Instant turn);

  /// A request that was counted then was not sent after all.
  void take_back(Instant counted_at);

  /// A request that was counted here turns out to be part of another count.
  void moved_away() { --in_flight_; }

  /// A request that was counted was answered; null where none came.
  void answered(const ToldCount* told, Instant now);

  /// The API does not want to be asked before that instant.
  void block(Instant until);

  /// It answered without asking to come later.
  void let_pass();

  /// It asks to come later without saying when: a second, and twice as long each time that it does
  /// so again.
  void block_blindly(Instant now);

  /// Until when nothing may be asked, whoever asks; nothing where something may.
  std::optional<Instant> closed_until(Instant now) const;

  /// Whether it says nothing any more that a new one would not.
  bool is_idle(Instant now) const;

 private:
  /// As an answer has told of it; or as it must be when that is over.
  struct Window {
    bool is_guess = false;
    bool is_limit_known = false;  // else it is at least that
    std::int64_t limit = 0;
    std::int64_t remaining = 0;
    Instant reset_at;
    Duration length{0};
  };

  Instant turn_in_window(Instant now);
  Instant turn_by_span(Instant now);
  bool is_being_found_out(Instant now) const;
  Instant soon(Instant now) const;
  Instant free_window() const;
  void begin_window(const ToldCount& told, Instant now);

  std::int64_t requests_ = 0;
  Duration per_{0};
  bool is_told_ = false;    // as far as its description goes
  bool is_silent_ = false;  // answers did not tell all the same
  std::optional<Window> window_;
  std::int64_t in_flight_ = 0;
  Instant last_sent_;
  std::deque<Instant> sent_;      // the last `requests_`, oldest first
  std::deque<Instant> reserved_;  // turns ahead, soonest first
  Instant blocked_until_;
  int blind_blocks_ = 0;  // in a row
};

}  // namespace tba::connectors
