#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/definition.h"
#include "daemon/engine/step_states.h"
#include "daemon/storage/records.h"
#include "daemon/storage/store.h"
#include "shared/expression/program.h"
#include "shared/value/value.h"

namespace tba::engine {

/// Where lists of steps are carried out: outside of all loops, or for one item of a loop. Cheap to
/// make; what it refers to must outlive it.
struct Scope {
  const Scope* outer = nullptr;
  const Step* loop = nullptr;  ///< The for_each, or null outside of all.
  std::string prefix;          ///< Of the keys of the steps in it.
  Value item;
  std::size_t index = 0;

  std::string key_of(const Step& step) const { return prefix + step.id; }
};

/// Everything that a run is: nothing else is remembered of it anywhere, so whatever can be done
/// with a run can be done with one read back from the store.
struct RunState {
  std::shared_ptr<const Definition> definition;
  storage::Run row;
  Value trigger;  ///< `.trigger`
  Value inputs;   ///< `.inputs`
  Value env;      ///< `.env`, evaluated when the run begins or is read back.
  StepStates steps;
  int interrupted = 0;                 ///< How many of them a person must decide about.
  int suspects = 0;                    ///< How many of them are (StepState::is_suspect).
  std::vector<storage::Write> writes;  ///< Log lines, signals and the like that go along.
  bool added = false;                  ///< Whether the store has a row of it.
  bool unsaved = true;                 ///< Whether `row` differs from that.
};

/// The scope of a step, made from its key: those of the loops that it is in, the outermost first.
class ScopeOf {
 public:
  /// The state must outlive it.
  ScopeOf(const RunState& state, std::string_view key);
  ScopeOf(const ScopeOf&) = delete;
  ScopeOf& operator=(const ScopeOf&) = delete;

  const Scope& operator*() const { return chain_.back(); }

 private:
  std::deque<Scope> chain_;
};

/// What a step of an earlier run has left, which a new run takes over.
struct TakenOver {
  storage::Step row;
  Value result;
};

/// What a run tries anew.
struct Retry {
  RunId of;
  std::string from;              ///< The step it begins at, or empty: the first.
  std::string by;                ///< Who asked for it.
  std::vector<TakenOver> steps;  ///< That are not done again.
};

/// What starts a run.
struct Start {
  RunId id;
  std::shared_ptr<const Definition> definition;
  std::string trigger_kind;  ///< "webhook", "replay", "schedule", "poll", "event", "manual"
  Value trigger;             ///< `.trigger`
  Value inputs;              ///< `.inputs`, defaults filled in.
  std::optional<DeliveryId> delivery;
  std::optional<RunId> parent;  ///< Whose step waits for it.
  std::string parent_step;      ///< The key of that.
  int depth = 0;                ///< How many runs have led to it, one starting the other.
  std::optional<Retry> retry;
};

/// The state of a run that has not begun.
RunState new_run(Start start, Instant now);

/// The state of a run read back. `delivery` is the one that started it, where there is one. Fails
/// with `internal` where the rows cannot be read.
Result<RunState> restore_run(std::shared_ptr<const Definition> definition, storage::Run run,
                             std::vector<storage::Step> steps,
                             const std::optional<storage::Delivery>& delivery);

/// What must be written so that the store holds this state; marks it as saved. Empty where it does;
/// else the run's row is among it, so that a run of another owner refuses the whole.
storage::Change take_changes(RunState& state);

/// What expressions in that scope read. `vars` are the configuration's.
expression::Context context_of(const RunState& state, const Scope& scope, const Value& vars);

/// What a parent hears of its sub-run's end (signals.h).
Value sub_run_end(const storage::Run& run);

/// `.error`
Value failure_value(const storage::Failure& failure);

/// What the expressions of the step of that key read when it began; without one, what those after
/// the last step read. The workflow's env is evaluated for it. Errors: `not_found` where the
/// workflow has no such step, `conflict` where the run has not come to it.
Result<expression::Context> context_before(RunState state, std::string_view step, const Value& vars,
                                           const expression::Budget& budget);

}  // namespace tba::engine
