#include "shared/step_reader.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "shared/action_reader.h"
#include "shared/connector_catalog.h"
#include "shared/connector_keys.h"
#include "shared/expression/output_kinds.h"
#include "shared/workflow_keys.h"

namespace tba {

using expression::Mapping;
using Part = ExpressionPlace::Part;

namespace {

// What all values of these kinds have in common; `any` stands for null.
std::optional<ValueType> only_type(expression::Kinds kinds) {
  static constexpr std::array<std::pair<Value::Kind, ValueType>, 5> kTypes{{
      {Value::Kind::null, ValueType::any},
      {Value::Kind::number, ValueType::number},
      {Value::Kind::string, ValueType::string},
      {Value::Kind::array, ValueType::array},
      {Value::Kind::object, ValueType::object},
  }};
  for (const auto& [kind, type] : kTypes) {
    if (kinds.is_only(kind)) return type;
  }
  // No output at all gives null.
  return kinds.is_empty() ? std::optional(ValueType::any) : std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> read_timeout(const Fields& fields) {
  const auto timeout = fields.duration("timeout");
  if (timeout == std::chrono::milliseconds(0)) {
    fields.find("timeout")->error(fields.diagnostics(), "a timeout must be longer than 0s",
                                  "leave it out if there is to be none");
  }
  return timeout;
}

std::vector<Step> StepReader::read(const Fields& fields, std::string_view list, Part part) {
  std::vector<Step> steps;
  const auto nodes = fields.tables(list);
  for (std::size_t i = 0; i < nodes.size(); ++i) steps.push_back(read_step(*nodes[i], {part, i}));
  return steps;
}

Step StepReader::read_step(const yaml::Node& node, ExpressionPlace place) {
  const Fields fields(node, kStepTable, diagnostics());
  const bool is_failure_step = place.part == Part::failure_step;
  Step step;
  step.id = fields.text(
      "id", fmt::format("{}-{}", is_failure_step ? "on-failure" : "step", place.index + 1));
  step.title = fields.text("name");
  step.action = read_action(fields, place, reading_);
  step.credential = fields.text("credential");
  step.timeout = read_timeout(fields);
  step.effect = effect_named(fields.text("effect"));
  step.retry = retry_;
  if (const auto* condition = fields.find("if")) step.condition = read_condition(*condition, place);
  if (const auto* retry = fields.find("retry")) step.retry = read_retry(*retry, diagnostics());
  if (const auto* output = fields.find("output")) {
    step.output = reading_.read_data(
        *output, {is_failure_step ? Part::failure_output : Part::step_output, place.index});
  }
  check_belongings(fields);
  check_effect(fields, step);
  remember(fields, step);
  return step;
}

// Which keys go with which kinds of steps.
void StepReader::check_belongings(const Fields& fields) {
  struct Belonging {
    std::string_view key;
    std::string_view kind;
    std::string_view other_kind;
  };
  static constexpr std::array<Belonging, 5> kBelongings{{
      {"with", "call", ""},
      {"credential", "call", "http"},
      {"env", "run", ""},
      {"shell", "run", ""},
      {"format", "run", ""},
  }};
  if (fields.chosen().empty()) return;
  for (const auto& [key, kind, other] : kBelongings) {
    if (!fields.has(key) || fields.chosen() == kind || fields.chosen() == other) continue;
    fields.key(key)->error(diagnostics(),
                           fmt::format("'{}' does not go with '{}'", key, fields.chosen()));
  }
}

// To repeat with the same key needs somebody who takes a key.
void StepReader::check_effect(const Fields& fields, const Step& step) {
  if (step.effect != Effect::keyed) return;
  const auto* effect = fields.find("effect");
  if (std::holds_alternative<RunStep>(step.action)) {
    effect->error(diagnostics(), "a program takes no idempotency key",
                  "`once`, or `repeat` where it may be done twice");
  }
  const auto* call = std::get_if<CallStep>(&step.action);
  const auto connector = call != nullptr && reading_.catalog() != nullptr
                             ? reading_.catalog()->find(call->connector)
                             : nullptr;
  if (connector && connector->idempotency_header.empty()) {
    effect->error(
        diagnostics(),
        fmt::format("connector '{}' names no header for idempotency keys", call->connector),
        "`once`, or `repeat` where it may be done twice; or give the connector its "
        "`idempotency_header`");
  }
}

void StepReader::remember(const Fields& fields, const Step& step) {
  const auto* id = fields.find("id");
  const auto [earlier, is_new] = ids_.emplace(step.id, id);
  if (is_new) return;
  if (id == nullptr) id = earlier->second;
  id->error(diagnostics(), fmt::format("there are two steps '{}'", step.id));
}

Mapping StepReader::read_condition(const yaml::Node& node, ExpressionPlace place) {
  const bool is_expression = node.text.starts_with("${{") && node.text.ends_with("}}") &&
                             node.text.find("${{", 3) == std::string::npos;
  const auto before = reading_.uses().size();
  auto condition = reading_.read_data(node, place);
  if (is_expression && reading_.surroundings().check_references)
    check_condition(node, condition, before);
  if (is_expression || (condition.is_constant() && condition.as_constant().is_boolean())) {
    return condition;
  }
  std::string hint;
  if (node.text.find("${{") != std::string::npos) {
    hint = "put all of it into one ${{ … }}";
  } else if (node.text.starts_with('.') || node.text.starts_with('$')) {
    hint = fmt::format("write ${{{{ {} }}}}", node.text);
  }
  node.error(diagnostics(), "'if' must be true, false or one expression", std::move(hint));
  return condition;
}

// What can be said of a condition's type before it is evaluated. `first_use` is the first of its
// reads of the context.
void StepReader::check_condition(const yaml::Node& node, const Mapping& condition,
                                 std::size_t first_use) {
  if (reading_.uses().size() == first_use + 1) {
    auto& use = reading_.uses().back();
    const auto& reference = use.reference;
    const auto begin = node.text.find_first_not_of(" \t\n", 3);
    const auto end = node.text.find_last_not_of(" \t\n", node.text.size() - 3) + 1;
    use.is_condition = reference.offset == begin && reference.offset + reference.length == end;
  }
  if (condition.is_constant()) return;
  const auto program = std::string_view(node.text).substr(3, node.text.size() - 5);
  const auto kinds = expression::output_kinds(program);
  if (kinds.may_be(Value::Kind::boolean)) return;
  const auto type = only_type(kinds);
  node.error(diagnostics(),
             fmt::format("'if' must be true or false; this is {}",
                         !type                     ? "never either"
                         : *type == ValueType::any ? "always null"
                                                   : "always " + with_article(*type)),
             std::string(type ? condition_hint(*type) : "compare it with something"));
}

}  // namespace tba
