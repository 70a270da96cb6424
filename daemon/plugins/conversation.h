#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/plugins/call.h"
#include "daemon/plugins/protocol.h"
#include "daemon/plugins/spoken_lines.h"
#include "daemon/steps/process.h"
#include "shared/clock.h"
#include "shared/connector.h"

namespace tba::plugins {

/// Who a call is, from when it is asked for.
using Ticket = std::uint64_t;

/// A call and what is told of its end, once.
struct Pending {
  Ticket ticket = 0;
  Call call;
  std::function<void(engine::AttemptOutcome)> complete;
  Instant deadline;
};

/// What is spoken with one program, from `initialize` to its end: the calls that it has, and how
/// long it may take for what. Has no clock and starts nothing: whoever holds it tells it what
/// happens. Where one of its functions gives a text, the program does not keep to the protocol,
/// which the text says how, and is to be killed.
class Conversation {
 public:
  static constexpr std::chrono::seconds kGreetingTime{10};  ///< To answer `initialize`.
  static constexpr std::chrono::seconds kCancelTime{2};     ///< To answer a call after `cancel`.
  static constexpr std::chrono::seconds kShutdownTime{2};   ///< To end after `shutdown`.

  using Problem = std::optional<std::string>;

  /// Begins with `initialize`. `input` is that of the program of `plugin`, what it says goes to
  /// `lines`, which must outlive the conversation.
  Conversation(std::shared_ptr<const Connector> plugin, std::shared_ptr<steps::ProcessInput> input,
               SpokenLines& lines, Instant now);

  /// Whether it takes one more call now.
  bool has_room() const;
  std::size_t calls() const { return calls_.size(); }
  bool is_greeting() const { return phase_ == Phase::greeting; }
  bool is_closing() const { return phase_ == Phase::closing; }

  /// Hands a call over. Requires: has_room().
  void give(Pending call);

  /// Tells the program that the call is not wanted any more; false where it has no such call.
  bool cancel(Ticket ticket, Instant now);

  /// A line that it wrote on its standard output.
  [[nodiscard]] Problem hear(std::string_view line, Instant now);

  /// Takes no more calls, and closes when those that it has are answered.
  void retire(Instant now);

  /// Tells the program to end.
  void close(Instant now);

  std::optional<Instant> next_deadline() const;
  /// Does what is due.
  [[nodiscard]] Problem look_at_clock(Instant now);

  /// The program has ended: nobody knows what became of the calls that it has. `why` is a sentence.
  void end(std::string_view why);

 private:
  enum class Phase { greeting, ready, retiring, closing };

  struct InFlight {
    Pending pending;
    std::optional<Instant> cancelled_until;  // told of being cancelled: when it must be answered
    bool timed_out = false;

    std::string what() const;
    Instant deadline() const { return cancelled_until.value_or(pending.deadline); }
  };

  Problem take(const Answer& answer, Instant now);
  Problem begin(const Answer& answer);
  void tell_of_cancelling(CallId id, InFlight& call, Instant now);

  const std::shared_ptr<const Connector> plugin_;
  const std::shared_ptr<steps::ProcessInput> input_;
  SpokenLines& lines_;
  Phase phase_ = Phase::greeting;
  bool has_greeted_ = false;
  Instant due_;  // by when the greeting, or the end, has to come
  std::map<CallId, InFlight> calls_;
  CallId last_ = kInitialize;
};

}  // namespace tba::plugins
