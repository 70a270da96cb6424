#include "daemon/engine/run_state.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "daemon/engine/trigger_context.h"
#include "shared/suggestion.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::engine {
namespace {

using expression::Root;

Value step_value(const Step& definition, const StepState& step) {
  ObjectBuilder object;
  object.put("outcome", Value::string(name_of(step.row.status)));
  object.put("error", step.row.failure ? failure_value(*step.row.failure) : Value());
  for (const auto key : keys_left_by(definition)) {
    const Value* left = step.result.find(key);
    object.put(key, left ? *left : Value());
  }
  return std::move(object).build();
}

/// What a step that the run did not come to shows.
Value unreached_value(const Step& definition) {
  ObjectBuilder object;
  object.put("outcome", Value());
  object.put("error", Value());
  for (const auto key : keys_left_by(definition)) object.put(key, Value());
  return std::move(object).build();
}

/// Whether the run has gone past a step without beginning it: it is at a list that follows, or
/// beyond the step that would have done it.
bool is_passed(const RunState& state, const Scope& scope, const Step& step) {
  const auto phase = state.row.phase;
  if (phase != RunPhase::steps && !scope.loop) {
    const auto its = state.definition->phase_of(step);
    if (its == RunPhase::steps || (its != phase && phase == RunPhase::finally)) return true;
  }
  const auto container = state.definition->containers.find(&step);
  if (container == state.definition->containers.end()) return false;
  const auto* holder = state.steps.find(scope.key_of(*container->second));
  return holder && is_final(holder->row.status);
}

void put_steps(const RunState& state, const Scope& scope, ObjectBuilder& steps) {
  if (scope.outer) put_steps(state, *scope.outer, steps);
  const auto visible = state.definition->scopes.find(scope.loop);
  if (visible == state.definition->scopes.end()) return;
  for (const auto* step : visible->second) {
    const auto* begun = state.steps.find(scope.key_of(*step));
    if (begun && is_final(begun->row.status)) {
      steps.put(step->id, step_value(*step, *begun));
    } else if (!begun && is_passed(state, scope, *step)) {
      steps.put(step->id, unreached_value(*step));
    }
  }
}

Value steps_value(const RunState& state, const Scope& scope) {
  ObjectBuilder steps;
  put_steps(state, scope, steps);
  return std::move(steps).build();
}

Error no_such_step(const Workflow& workflow, std::string_view step) {
  std::vector<std::string> known;
  for (const auto* each : workflow.all_steps()) known.push_back(each->id);
  return {ErrorCode::not_found,
          "workflow '" + workflow.name + "' has no step '" + std::string(step) + "'" +
              did_you_mean(step, known),
          ""};
}

Result<Value> read_json(std::string_view text, std::string_view what) {
  if (text.empty()) return Value();
  auto value = parse_json(text);
  if (!value) return with_context(value.error(), "stored " + std::string(what) + " cannot be read");
  return value;
}

}  // namespace

Value failure_value(const storage::Failure& failure) {
  return Value::object({{"kind", Value::string(failure.kind)},
                        {"message", Value::string(failure.message)},
                        {"step", failure.step.empty() ? Value() : Value::string(failure.step)}});
}

namespace {

/// Begins where the earlier run's steps have led, as if they were its own.
void take_over(RunState& state, Retry retry) {
  state.row.retry_of = retry.of;
  for (auto& taken : retry.steps) {
    taken.row.run = state.row.id;
    auto key = taken.row.key;
    state.steps.restore({std::move(taken.row), std::move(taken.result), Value(), nullptr, nullptr});
    state.steps.touch(*state.steps.find(key));
  }
  storage::LogLine line;
  line.run = state.row.id;
  line.at = state.row.created_at;
  line.stream = "engine";
  line.text = "a retry of run " + retry.of.text();
  if (!retry.from.empty()) line.text += " from step '" + retry.from + "'";
  if (!retry.by.empty()) line.text += ", asked for by " + retry.by;
  state.writes.emplace_back(storage::AppendLog{std::move(line)});
}

}  // namespace

Value sub_run_end(const storage::Run& run) {
  auto output = read_json(run.output_json, "output of a run");
  return Value::object({{"run", Value::string(run.id.text())},
                        {"status", Value::string(name_of(run.status))},
                        {"output", output ? std::move(*output) : Value()},
                        {"failure", run.failure ? failure_value(*run.failure) : Value()}});
}

RunState new_run(Start start, Instant now) {
  RunState state;
  state.row.id = start.id;
  state.row.workflow = start.definition->workflow->name;
  state.row.version = start.definition->hash;
  state.row.trigger_kind = std::move(start.trigger_kind);
  state.row.delivery = start.delivery;
  state.row.parent = start.parent;
  state.row.parent_step = std::move(start.parent_step);
  state.row.depth = start.depth;
  if (!start.delivery) state.row.trigger_json = to_json(start.trigger);
  state.row.inputs_json = to_json(start.inputs);
  state.row.created_at = now;
  state.definition = std::move(start.definition);
  state.trigger = std::move(start.trigger);
  state.inputs = std::move(start.inputs);
  if (start.retry) take_over(state, std::move(*start.retry));
  return state;
}

Result<RunState> restore_run(std::shared_ptr<const Definition> definition, storage::Run run,
                             std::vector<storage::Step> steps,
                             const std::optional<storage::Delivery>& delivery) {
  RunState state;
  state.definition = std::move(definition);
  auto inputs = read_json(run.inputs_json, "inputs of a run");
  if (!inputs) return inputs.error();
  state.inputs = std::move(*inputs);
  auto trigger = delivery ? body_of(*delivery) : read_json(run.trigger_json, "trigger of a run");
  if (!trigger) return trigger.error();
  state.trigger = delivery ? trigger_value(*delivery, *trigger) : std::move(*trigger);
  for (auto& row : steps) {
    auto result = read_json(row.result_json, "result of a step");
    if (!result) return result.error();
    auto memo = read_json(row.memo_json, "memory of a step");
    if (!memo) return memo.error();
    row.result_json.clear();
    row.memo_json.clear();
    if (row.status == StepStatus::interrupted) ++state.interrupted;
    state.steps.restore({std::move(row), std::move(*result), std::move(*memo), nullptr, nullptr});
  }
  state.row = std::move(run);
  state.added = true;
  state.unsaved = false;
  return state;
}

storage::Change take_changes(RunState& state) {
  storage::Change change;
  const bool has_changed = state.unsaved || state.steps.has_unsaved() || !state.writes.empty();
  if (state.added && !has_changed) return change;
  if (state.added) {
    change.writes.emplace_back(storage::UpdateRun{state.row});
    ++state.row.epoch;  // as the store does
  } else {
    change.writes.emplace_back(storage::AddRun{state.row});
    state.added = true;
  }
  state.unsaved = false;
  for (auto& row : state.steps.take_unsaved())
    change.writes.emplace_back(storage::PutStep{std::move(row)});
  std::ranges::move(std::exchange(state.writes, {}), std::back_inserter(change.writes));
  return change;
}

expression::Context context_of(const RunState& state, const Scope& scope, const Value& vars) {
  const auto& row = state.row;
  expression::Context context;
  context.set(Root::trigger, state.trigger);
  context.set(Root::inputs, state.inputs);
  context.set(Root::steps, steps_value(state, scope));
  context.set(
      Root::run,
      Value::object({
          {"id", Value::string(row.id.text())},
          {"created_at", Value::string(format_time(row.created_at))},
          {"started_at", row.started_at ? Value::string(format_time(*row.started_at)) : Value()},
      }));
  context.set(Root::workflow, Value::object({{"name", Value::string(row.workflow)}}));
  context.set(Root::env, state.env);
  context.set(Root::vars, vars);
  if (row.phase != RunPhase::steps)
    context.set(Root::error, row.failure ? failure_value(*row.failure) : Value());
  if (scope.loop) {
    context.set(Root::item, scope.item);
    context.set(Root::index, Value::integer(static_cast<std::int64_t>(scope.index)));
  }
  return context;
}

namespace {

/// Of the items that a loop remembers: all of them, or, by their indexes, those that are not done.
Value item_at(const Value& items, std::size_t index) {
  if (items.is_array()) return index < items.size() ? items.items()[index] : Value();
  const Value* item = items.find(std::to_string(index));
  return item ? *item : Value();
}

}  // namespace

ScopeOf::ScopeOf(const RunState& state, std::string_view key) {
  auto* scope = &chain_.emplace_back();
  for (auto slash = key.find('/'); slash != std::string_view::npos;
       slash = key.find('/', slash + 1)) {
    const auto bracket = key.rfind('[', slash);
    const auto loop_key = key.substr(0, bracket);
    std::size_t index = 0;
    std::from_chars(key.data() + bracket + 1, key.data() + slash - 1, index);
    const auto* loop = state.steps.find(loop_key);
    const Value* items = loop ? loop->memo.find("items") : nullptr;
    Scope inner{scope, state.definition->step(loop_key), std::string(key.substr(0, slash + 1)),
                items ? item_at(*items, index) : Value(), index};
    scope = &chain_.emplace_back(std::move(inner));
  }
}

Result<expression::Context> context_before(RunState state, std::string_view step, const Value& vars,
                                           const expression::Budget& budget) {
  const auto& workflow = *state.definition->workflow;
  const ScopeOf scope(state, step);
  if (!step.empty()) {
    const auto* definition = state.definition->step(step);
    if (!definition) return no_such_step(workflow, step);
    const auto* reached = state.steps.find(step);
    if (!reached) {
      return Error{
          ErrorCode::conflict,
          "run " + state.row.id.text() + " has not come to step '" + std::string(step) + "'", ""};
    }
    state.steps.keep_before(reached->row.position);
    state.row.phase = state.definition->phase_of(*definition);
    if (state.row.phase == RunPhase::steps) state.row.failure.reset();
  } else if (state.row.status == RunStatus::succeeded) {
    state.row.phase = RunPhase::steps;
  }
  // A run whose env cannot be evaluated has failed by that, and has none.
  if (auto env = workflow.env.evaluate(context_of(state, *scope, vars), budget))
    state.env = std::move(*env);
  return context_of(state, *scope, vars);
}

}  // namespace tba::engine
