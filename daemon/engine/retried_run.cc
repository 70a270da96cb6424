#include "daemon/engine/retried_run.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "shared/inputs.h"
#include "shared/suggestion.h"

namespace tba::engine {
namespace {

/// The step of the workflow's `steps` at which the new run begins.
Result<const Step*> find_from(const Definition& definition, const std::string& from) {
  const auto& steps = definition.workflow->steps;
  const auto found = std::ranges::find(steps, from, &Step::id);
  if (found != steps.end()) return &*found;
  const Step* step = definition.step(from);
  if (!step) {
    std::vector<std::string> known;
    for (const auto& each : steps) known.push_back(each.id);
    return Error{ErrorCode::not_found,
                 "workflow '" + definition.workflow->name + "' has no step '" + from + "'" +
                     did_you_mean(from, known),
                 ""};
  }
  const Step* outermost = step;
  for (auto holder = definition.containers.find(step); holder != definition.containers.end();
       holder = definition.containers.find(outermost))
    outermost = holder->second;
  if (outermost == step || definition.phase_of(*step) != RunPhase::steps) {
    return Error{ErrorCode::conflict,
                 "step '" + from + "' is not among the workflow's `steps`, with which a run begins",
                 ""};
  }
  return Error{ErrorCode::conflict, "step '" + from + "' is held by step '" + outermost->id + "'",
               "begin from '" + outermost->id + "'"};
}

/// The steps of the list before that one, which do not need it.
std::vector<const Step*> steps_before(const std::vector<Step>& list, const Step& from) {
  std::vector<const Step*> before;
  if (!is_graph(list)) {
    for (const auto& step : list) {
      if (&step == &from) break;
      before.push_back(&step);
    }
    return before;
  }
  std::set<std::string> after{from.id};
  for (std::size_t known = 0; known != after.size();) {
    known = after.size();
    for (const auto& step : list) {
      if (std::ranges::any_of(step.needs, [&](const auto& id) { return after.contains(id); }))
        after.insert(step.id);
    }
  }
  for (const auto& step : list) {
    if (!after.contains(step.id)) before.push_back(&step);
  }
  return before;
}

bool has_ended_well(const Step& step, const StepState* state) {
  if (!state) return false;
  const auto status = state->row.status;
  return status == StepStatus::succeeded || status == StepStatus::skipped ||
         (status == StepStatus::failed && step.continue_on_error);
}

bool is_within(const Definition& definition, const Step& step, const Step& holder) {
  for (const Step* at = &step; at != nullptr;) {
    if (at == &holder) return true;
    const auto outer = definition.containers.find(at);
    at = outer == definition.containers.end() ? nullptr : outer->second;
  }
  return false;
}

/// What the steps have left, and those that they hold. What a loop did for each item is in what the
/// loop has left.
std::vector<TakenOver> taken_over(const RunState& old, const std::vector<const Step*>& steps) {
  const auto& definition = *old.definition;
  std::vector<TakenOver> taken;
  const auto visible = definition.scopes.find(nullptr);
  if (visible == definition.scopes.end()) return taken;
  for (const auto* step : steps) {
    if (!has_ended_well(*step, old.steps.find(step->id))) continue;
    for (const auto* each : visible->second) {
      const auto* state = old.steps.find(each->id);
      if (state && is_within(definition, *each, *step))
        taken.push_back({state->row, state->result});
    }
  }
  return taken;
}

/// The old run's inputs as far as the latest version has them; those that are new have their
/// defaults. Only a run that nobody gave any inputs goes without.
Result<Value> carried_inputs(const RunState& old) {
  const auto& inputs = old.definition->workflow->inputs;
  const bool was_given = old.row.trigger_kind == "manual" || old.row.parent;
  Value known = Value::object({});
  for (const auto& input : inputs) {
    const Value* value = old.inputs.find(input.name);
    if (value && !value->is_null()) known = std::move(known).with_member(input.name, *value);
  }
  if (was_given) return fill_inputs(inputs, known);
  ObjectBuilder carried;
  for (const auto& input : inputs) {
    const Value* value = known.find(input.name);
    carried.put(input.name, value ? *value : input.default_value.value_or(Value()));
  }
  return std::move(carried).build();
}

}  // namespace

Result<Start> retry_of(const RunState& old, RunId id, const RetryRequest& request) {
  auto inputs = request.latest ? carried_inputs(old) : Result<Value>(old.inputs);
  if (!inputs) return with_context(inputs.error(), "the workflow takes other inputs now");
  Start start;
  start.id = id;
  start.trigger_kind = old.row.trigger_kind;
  start.trigger = old.trigger;
  start.inputs = std::move(*inputs);
  start.delivery = old.row.delivery;
  start.depth = old.row.depth;
  start.definition = old.definition;
  start.retry = Retry{old.row.id, request.from, request.by, {}};
  if (!request.from.empty()) {
    const auto from = find_from(*old.definition, request.from);
    if (!from) return from.error();
    start.retry->steps = taken_over(old, steps_before(old.definition->workflow->steps, **from));
  }
  return start;
}

}  // namespace tba::engine
