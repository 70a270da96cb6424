#include "shared/condition_reader.h"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/output_kinds.h"
#include "shared/retry_policy.h"

namespace tba {

using expression::Mapping;

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

// What can be said of a condition's type before it is evaluated.
void check_condition(const yaml::Node& node, std::string_view key, const Mapping& condition,
                     WorkflowReading& reading) {
  if (auto* use = reading.whole_use(node)) {
    use->purpose = fmt::format("'{}'", key);
    use->wanted = Shape::of(ValueType::boolean);
  }
  if (condition.is_constant()) return;
  const auto kinds = expression::output_kinds(WorkflowReading::program_in(node));
  if (kinds.may_be(Value::Kind::boolean)) return;
  const auto type = only_type(kinds);
  node.error(reading.diagnostics(),
             fmt::format("'{}' must be true or false; this is {}", key,
                         !type                     ? "never either"
                         : *type == ValueType::any ? "always null"
                                                   : "always " + with_article(*type)),
             std::string(type ? condition_hint(*type) : "compare it with something"));
}

}  // namespace

Mapping read_condition(const yaml::Node& node, std::string_view key, ExpressionPlace place,
                       WorkflowReading& reading) {
  const bool is_expression = !WorkflowReading::program_in(node).empty();
  auto condition = reading.read_data(node, place);
  if (is_expression && reading.surroundings().check_references)
    check_condition(node, key, condition, reading);
  if (is_expression || (condition.is_constant() && condition.as_constant().is_boolean())) {
    return condition;
  }
  std::string hint;
  if (node.text.find("${{") != std::string::npos) {
    hint = "put all of it into one ${{ … }}";
  } else if (node.text.starts_with('.') || node.text.starts_with('$')) {
    hint = fmt::format("write ${{{{ {} }}}}", node.text);
  }
  node.error(reading.diagnostics(), fmt::format("'{}' must be true, false or one expression", key),
             std::move(hint));
  return condition;
}

RetryPolicy read_step_retry(const yaml::Node& node, ExpressionPlace place,
                            WorkflowReading& reading) {
  return read_retry(node, kStepRetryTable, reading.diagnostics(), [&](const yaml::Node& reason) {
    return read_condition(reason, "on", place, reading);
  });
}

}  // namespace tba
