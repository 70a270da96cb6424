#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/engine/attempt.h"
#include "daemon/engine/notify_targets.h"
#include "daemon/engine/run_state.h"
#include "shared/clock.h"
#include "shared/expression/program.h"
#include "shared/random.h"
#include "shared/uuid.h"

namespace tba::engine {

// --- what can happen to a run
// ------------------------------------------------------------------------------------------

/// It has been made, and it is its turn to go on as far as it can.
struct Begin {
  std::optional<storage::Failure> failure;  ///< Why it cannot.
};
struct Skip {};  ///< It has been made, and a limit of its workflow says that it shall not begin.
struct AttemptEnded {
  std::string step;  ///< Its key.
  int attempt = 0;
  AttemptOutcome outcome;
};
struct Due {};  ///< An instant it waits for may have come.
/// Something reached it from outside; the rows are removed by the transition that takes them. All
/// that came in time is taken before it is looked at the clock. What each kind has in its data is
/// told in signals.h.
struct Signalled {
  std::vector<storage::Signal> signals;
};
/// It was read back after the daemon that owned it ended; its attempts in flight are gone. What it
/// was told before then comes before any instant that has passed since.
struct Recovered {
  std::vector<storage::Signal> signals;
};
struct TrialOver {};  ///< It was under way for so long that other suspects of a crash may follow.

using Event = std::variant<Begin, Skip, AttemptEnded, Due, Signalled, Recovered, TrialOver>;

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
  UuidGenerator& ids;
  const Value& vars;
  const expression::Budget& budget;  ///< Of each expression.
  const FindNotifyTarget& find_notify_target;
  /// The definition of a workflow that may be run now.
  const std::function<Result<std::shared_ptr<const Definition>>(const std::string&)>& find_workflow;
  bool may_start_attempts =
      true;  ///< False while the daemon stops, for one: the run then stays where it is.
};

struct Transition {
  RunState state;
  std::vector<Command> commands;  ///< To be carried out once the state is stored, and not before.
  std::vector<Start> starts;      ///< Sub-runs: to be stored in the same change, and begun then.
  std::vector<RunId> signalled;   ///< Other runs for which signals are among the state's writes.
  bool is_held_back = false;      ///< Something could not begin: nothing may for now.
};

/// The run's whole behaviour, without side effects: where the run is after the event, and what is
/// to be done. Steps that need nothing from outside are carried out within the transition. An event
/// that no longer concerns the run (an attempt that was superseded, an instant that has passed)
/// changes nothing, so that there is nothing to store.
Transition advance(RunState state, const Event& event, const Surroundings& around);

}  // namespace tba::engine
