#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>

#include "shared/clock.h"

namespace tba::connectors {

/// When a host that fails is left alone, and for how long.
struct CircuitRules {
  std::size_t failures = 10;                 ///< In a row; 0: it is never left alone.
  std::chrono::milliseconds within{60'000};  ///< Between the first of these and the last.
  std::chrono::milliseconds pause{5'000};    ///< Until it is tried again; twice as long each time.
  std::chrono::milliseconds longest_pause{120'000};
  std::chrono::milliseconds patience{600'000};  ///< For how long calls wait for it at most.
};

/// What is known of one host: whether requests to it make sense at present. It is *closed* as long
/// as requests pass. So many failures in a row *open* it: nothing is sent for a pause. Then it is
/// *half open*: one request, the probe, is let through, and what becomes of it decides.
class Circuit {
 public:
  enum class State { closed, open, half_open };

  /// Whether a request may be sent now. Where the pause is over, this one is the probe.
  bool let_pass(Instant now);

  /// A request was answered: the host is there.
  void succeed();

  /// A request failed, for that reason; true where that opened it. Only the probe's failure matters
  /// where it is not closed.
  bool fail(bool is_probe, std::string why, const CircuitRules& rules, Instant now);

  /// The probe ended without telling anything: the next request is one.
  void lose_probe();

  State state() const { return state_; }
  Instant since() const { return since_; }          ///< When it was opened; else meaningless.
  Instant probed_at() const { return probed_at_; }  ///< From when on a probe may be sent.
  const std::string& why() const { return why_; }   ///< How the last request failed.
  Duration pause() const { return pause_; }         ///< The present one.

  /// Somebody waits: the instant at which to ask again. Those who wait are spread, so that they do
  /// not all come at once.
  Instant turn(Instant now);

  /// Whether it says nothing any more that a new one would not.
  bool is_idle(const CircuitRules& rules, Instant now) const;

 private:
  State state_ = State::closed;
  std::deque<Instant> failures_;  // in a row
  Instant since_;
  Instant probed_at_;
  Duration pause_{0};
  std::size_t waiting_ = 0;  // since the last probe was decided on
  std::string why_;
};

}  // namespace tba::connectors
