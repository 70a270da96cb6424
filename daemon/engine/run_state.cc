#include "daemon/engine/run_state.h"

#include <algorithm>

#include "shared/suggestion.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::engine {
namespace {

using expression::Root;

Value failure_value(const storage::Failure& failure) {
  return Value::object({{"kind", Value::string(failure.kind)},
                        {"message", Value::string(failure.message)},
                        {"step", failure.step.empty() ? Value() : Value::string(failure.step)}});
}

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

/// What a step that the run never came to shows to those that handle the failure before it.
Value unreached_value(const Step& definition) {
  ObjectBuilder object;
  object.put("outcome", Value());
  object.put("error", Value());
  for (const auto key : keys_left_by(definition)) object.put(key, Value());
  return std::move(object).build();
}

Value steps_value(const RunState& state) {
  const auto& workflow = *state.definition->workflow;
  ObjectBuilder steps;
  for (const auto& step : state.steps) {
    const Step* definition = find_step(workflow, step.row.key);
    if (definition && is_final(step.row.status)) {
      steps.put(step.row.key, step_value(*definition, step));
    }
  }
  if (state.row.failure) {
    for (const auto& step : workflow.steps) {
      if (!state.find(step.id)) steps.put(step.id, unreached_value(step));
    }
  }
  return std::move(steps).build();
}

Error no_such_step(const Workflow& workflow, std::string_view step) {
  std::vector<std::string> known;
  for (const auto* list : {&workflow.steps, &workflow.on_failure}) {
    for (const auto& each : *list) known.push_back(each.id);
  }
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

StepState* RunState::find(std::string_view key) {
  const auto found = std::ranges::find(
      steps, key, [](const StepState& step) -> std::string_view { return step.row.key; });
  return found == steps.end() ? nullptr : &*found;
}

const StepState* RunState::find(std::string_view key) const {
  return const_cast<RunState*>(this)->find(key);
}

StepState* RunState::current() {
  return steps.empty() || is_final(steps.back().row.status) ? nullptr : &steps.back();
}

RunState new_run(Start start, Instant now) {
  RunState state;
  state.row.id = start.id;
  state.row.workflow = start.definition->workflow->name;
  state.row.version = start.definition->hash;
  state.row.trigger_kind = std::move(start.trigger_kind);
  state.row.delivery = start.delivery;
  if (!start.delivery) state.row.trigger_json = to_json(start.trigger);
  state.row.inputs_json = to_json(start.inputs);
  state.row.created_at = now;
  state.definition = std::move(start.definition);
  state.trigger = std::move(start.trigger);
  state.inputs = std::move(start.inputs);
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
  auto trigger = delivery ? read_json(delivery->body, "body of a delivery")
                          : read_json(run.trigger_json, "trigger of a run");
  if (!trigger) return trigger.error();
  state.trigger = delivery ? trigger_value(*delivery, *trigger) : std::move(*trigger);
  for (auto& row : steps) {
    auto result = read_json(row.result_json, "result of a step");
    if (!result) return result.error();
    state.steps.push_back({std::move(row), std::move(*result), false});
  }
  std::ranges::sort(state.steps, {}, [](const StepState& step) { return step.row.position; });
  state.row = std::move(run);
  state.added = true;
  state.unsaved = false;
  return state;
}

storage::Change take_changes(RunState& state) {
  storage::Change change;
  const bool step_changed = std::ranges::any_of(state.steps, &StepState::unsaved);
  if (state.added && !state.unsaved && !step_changed && state.log.empty()) return change;
  if (state.added) {
    change.writes.emplace_back(storage::UpdateRun{state.row});
    ++state.row.epoch;  // as the store does
  } else {
    change.writes.emplace_back(storage::AddRun{state.row});
    state.added = true;
  }
  state.unsaved = false;
  for (auto& step : state.steps) {
    if (!step.unsaved) continue;
    if (step.row.result_json.empty() && !step.result.is_null())
      step.row.result_json = to_json(step.result);
    change.writes.emplace_back(storage::PutStep{step.row});
    step.row.result_json.clear();
    step.unsaved = false;
  }
  for (auto& line : state.log) change.writes.emplace_back(storage::AppendLog{std::move(line)});
  state.log.clear();
  return change;
}

expression::Context context_of(const RunState& state, const Value& vars) {
  const auto& row = state.row;
  expression::Context context;
  context.set(Root::trigger, state.trigger);
  context.set(Root::inputs, state.inputs);
  context.set(Root::steps, steps_value(state));
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
  if (row.failure) context.set(Root::error, failure_value(*row.failure));
  return context;
}

Result<expression::Context> context_before(RunState state, std::string_view step, const Value& vars,
                                           const expression::Budget& budget) {
  const auto& workflow = *state.definition->workflow;
  if (!step.empty()) {
    if (!find_step(workflow, step)) return no_such_step(workflow, step);
    const auto* reached = state.find(step);
    if (!reached) {
      return Error{
          ErrorCode::conflict,
          "run " + state.row.id.text() + " has not come to step '" + std::string(step) + "'", ""};
    }
    const auto position = reached->row.position;
    std::erase_if(state.steps,
                  [&](const StepState& each) { return each.row.position >= position; });
    const bool handles_failure =
        std::ranges::find(workflow.on_failure, step, &Step::id) != workflow.on_failure.end();
    if (!handles_failure) state.row.failure.reset();
  }
  // A run whose env cannot be evaluated has failed by that, and has none.
  if (auto env = workflow.env.evaluate(context_of(state, vars), budget))
    state.env = std::move(*env);
  return context_of(state, vars);
}

Value trigger_value(const storage::Delivery& delivery, const Value& body) {
  const auto json_or_null = [](const std::string& text) {
    auto value = parse_json(text);
    return value ? std::move(*value) : Value();
  };
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Value() : Value::string(text);
  };
  return Value::object({
      {"kind", Value::string("webhook")},
      {"name", text_or_null(delivery.connector)},
      {"at", Value::string(format_time(delivery.received_at))},
      {"body", body},
      {"headers", json_or_null(delivery.headers_json)},
      {"query", json_or_null(delivery.query_json)},
      {"path", Value::string(delivery.path)},
      {"event", text_or_null(delivery.event)},
      {"delivery_id", text_or_null(delivery.sender_id)},
  });
}

}  // namespace tba::engine
