#include "daemon/triggers/start.h"

#include <utility>

#include <fmt/format.h>

#include "shared/inputs.h"

namespace tba::triggers {

using expression::Root;

engine::Start new_start(std::shared_ptr<const engine::Definition> definition, std::string_view kind,
                        Value trigger, UuidGenerator& ids) {
  engine::Start start;
  start.id = ids.next<RunId>();
  start.trigger_kind = kind;
  start.trigger = std::move(trigger);
  start.inputs = default_inputs(definition->workflow->inputs);
  start.definition = std::move(definition);
  return start;
}

expression::Context context_of_trigger(const Workflow& workflow, Value trigger, const Value& vars) {
  expression::Context context;
  context.set(Root::trigger, std::move(trigger));
  context.set(Root::inputs, default_inputs(workflow.inputs));
  context.set(Root::workflow, Value::object({{"name", Value::string(workflow.name)}}));
  context.set(Root::vars, vars);
  return context;
}

std::optional<std::string> why_unmatched(const std::optional<expression::Mapping>& match,
                                         const expression::Context& context,
                                         const expression::Budget& budget) {
  if (!match) return std::nullopt;
  const auto value = match->evaluate(context, budget);
  if (!value) return "`match` cannot be evaluated: " + value.error().message;
  if (!value->is_boolean())
    return fmt::format("`match` gave {}, which is neither true nor false", type_name(*value));
  if (!value->as_boolean()) return "`match` gave false";
  return std::nullopt;
}

}  // namespace tba::triggers
