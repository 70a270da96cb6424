#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/definition.h"
#include "daemon/storage/records.h"
#include "daemon/storage/store.h"
#include "shared/expression/program.h"
#include "shared/value/value.h"

namespace tba::engine {

/// A step as far as the run has come with it. What is stored of it is `row` and, once it ended,
/// `result`.
struct StepState {
  storage::Step row;
  Value
      result;  ///< Object of what the step leaves, without outcome and error; null until it ended.
  bool unsaved = true;  ///< Whether it differs from what is stored.
};

/// Everything that a run is: nothing else is remembered of it anywhere, so whatever can be done
/// with a run can be done with one read back from the store.
struct RunState {
  std::shared_ptr<const Definition> definition;
  storage::Run row;
  Value trigger;                      ///< `.trigger`
  Value inputs;                       ///< `.inputs`
  Value env;                          ///< `.env`, evaluated when the run begins or is read back.
  std::vector<StepState> steps;       ///< In the order in which they began.
  std::vector<storage::LogLine> log;  ///< Lines not stored yet.
  bool added = false;                 ///< Whether the store has a row of it.
  bool unsaved = true;                ///< Whether `row` differs from that.

  StepState* find(std::string_view key);
  const StepState* find(std::string_view key) const;

  /// The step that an attempt, a wait or a decision is pending for, or nullptr. Steps run one after
  /// the other.
  StepState* current();
};

/// What starts a run.
struct Start {
  RunId id;
  std::shared_ptr<const Definition> definition;
  std::string trigger_kind;  ///< "webhook", "schedule", "manual"
  Value trigger;             ///< `.trigger`
  Value inputs;              ///< `.inputs`, defaults filled in.
  std::optional<DeliveryId> delivery;
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

/// What expressions of the run read. `vars` are the configuration's.
expression::Context context_of(const RunState& state, const Value& vars);

/// What the expressions of that step read when it began; without one, what those after the last
/// step read. The workflow's env is evaluated for it. Errors: `not_found` where the workflow has no
/// such step, `conflict` where the run has not come to it.
Result<expression::Context> context_before(RunState state, std::string_view step, const Value& vars,
                                           const expression::Budget& budget);

/// `.trigger` of a webhook's run.
Value trigger_value(const storage::Delivery& delivery, const Value& body);

}  // namespace tba::engine
