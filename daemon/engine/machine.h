#pragma once

#include <string>
#include <variant>
#include <vector>

#include "daemon/engine/attempt.h"
#include "daemon/engine/run_state.h"
#include "shared/clock.h"
#include "shared/expression/program.h"
#include "shared/random.h"

namespace tba::engine {

// --- what can happen to a run
// ------------------------------------------------------------------------------------------

struct Begin {};  ///< It has been made and shall go on as far as it can.
struct AttemptEnded {
  std::string step;
  int attempt = 0;
  AttemptOutcome outcome;
};
struct Due {};              ///< An instant it waits for may have come.
struct CancelRequested {};  ///< Somebody wants it to end.
struct Recovered {
};  ///< It was read back after the daemon that owned it ended; its attempts in flight are gone.

using Event = std::variant<Begin, AttemptEnded, Due, CancelRequested, Recovered>;

// --- what a transition asks for
// ----------------------------------------------------------------------------------------

struct StartAttempt {
  Attempt attempt;
};
struct StopAttempt {
  std::string step;
};

using Command = std::variant<StartAttempt, StopAttempt>;

/// What a transition may know of the world.
struct Surroundings {
  Instant now;
  Random& random;
  const Value& vars;
  const expression::Budget& budget;  ///< Of each expression.
  bool may_start_attempts =
      true;  ///< False while the daemon stops: the run then stays where it is.
};

struct Transition {
  RunState state;
  std::vector<Command> commands;  ///< To be carried out once the state is stored, and not before.
};

/// The run's whole behaviour, without side effects: where the run is after the event, and what is
/// to be done. Steps that need nothing from outside are carried out within the transition. An event
/// that no longer concerns the run (an attempt that was superseded, an instant that has passed)
/// changes nothing, so that there is nothing to store.
Transition advance(RunState state, const Event& event, const Surroundings& around);

}  // namespace tba::engine
