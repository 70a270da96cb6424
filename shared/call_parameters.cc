#include "shared/call_parameters.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/output_kinds.h"
#include "shared/suggestion.h"

namespace tba {
namespace {

using expression::Mapping;

std::string called(const Parameter& parameter) {
  return fmt::format("parameter '{}'", parameter.name);
}

Value::Kind kind_of(ValueType type) {
  switch (type) {
    case ValueType::string:
      return Value::Kind::string;
    case ValueType::integer:
    case ValueType::number:
      return Value::Kind::number;
    case ValueType::boolean:
      return Value::Kind::boolean;
    case ValueType::array:
      return Value::Kind::array;
    case ValueType::object:
      return Value::Kind::object;
    case ValueType::any:
      break;
  }
  return Value::Kind::null;
}

class ParameterCheck {
 public:
  explicit ParameterCheck(WorkflowReading& reading) : reading_(reading) {}

  void check(const Parameter& parameter, const yaml::Node& node, const Mapping& given) {
    if (given.is_secret()) return check_secret(parameter, node);
    const bool has_expressions = node.text.find("${{") != std::string::npos;
    if (given.is_constant()) {
      if (!has_expressions) check_constant(parameter, node, given.as_constant());
    } else if (node.kind == yaml::Node::Kind::scalar) {
      check_expression(parameter, node);
    }
  }

 private:
  void check_secret(const Parameter& parameter, const yaml::Node& node) {
    if (parameter.type == ValueType::any || parameter.type == ValueType::string) return;
    node.error(reading_.diagnostics(), fmt::format("a secret is text; {} must be of type {}",
                                                   called(parameter), name_of(parameter.type)));
  }

  void check_constant(const Parameter& parameter, const yaml::Node& node, const Value& value) {
    // What is null is not given.
    if (value.is_null() && (!parameter.required || parameter.default_value)) return;
    auto [problem, hint] = misfit(parameter, value);
    if (problem.empty()) return;
    node.error(reading_.diagnostics(), called(parameter) + " " + problem, std::move(hint));
  }

  // What it gives is known as far as the program shows it, or the shape of what it reads, which is
  // looked at when all of the file has been read.
  void check_expression(const Parameter& parameter, const yaml::Node& node) {
    if (parameter.type == ValueType::any || !reading_.surroundings().check_references) return;
    const auto program = reading_.program_in(node);
    if (program.empty()) {
      if (parameter.type == ValueType::string) return;
      node.error(reading_.diagnostics(),
                 fmt::format("{} must be of type {}; text with expressions in it is a string",
                             called(parameter), name_of(parameter.type)),
                 "put all of it into one ${{ … }}");
      return;
    }
    if (auto* use = reading_.whole_use(node)) {
      use->purpose = called(parameter);
      use->wanted = parameter.type;
    }
    const auto kinds = expression::output_kinds(program);
    // What is null is not given, which the call finds where it must be.
    if (kinds.is_empty() || kinds.may_be(Value::Kind::null) ||
        kinds.may_be(kind_of(parameter.type)))
      return;
    node.error(reading_.diagnostics(), fmt::format("{} must be of type {}, which this never is",
                                                   called(parameter), name_of(parameter.type)));
  }

  WorkflowReading& reading_;
};

}  // namespace

void check_parameters(const std::string& target, const Endpoint& endpoint, const yaml::Node& with,
                      const Mapping& given, WorkflowReading& reading) {
  std::vector<std::string> known;
  for (const auto& parameter : endpoint.parameters) known.push_back(parameter.name);
  ParameterCheck check(reading);
  for (std::size_t i = 0; i < with.members.size(); ++i) {
    const auto& [name, value] = with.members[i];
    const auto parameter = std::ranges::find(endpoint.parameters, name->text, &Parameter::name);
    if (parameter != endpoint.parameters.end()) {
      check.check(*parameter, *value, given.members()[i].second);
    } else if (name->text.find("${{") == std::string::npos) {  // told already
      name->error(reading.diagnostics(), fmt::format("{} has no parameter '{}'{}", target,
                                                     name->text, did_you_mean(name->text, known)));
    }
  }
}

}  // namespace tba
