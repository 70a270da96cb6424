#include "shared/call_parameters.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/output_kinds.h"
#include "shared/suggestion.h"

namespace tba {
namespace {

using expression::Mapping;

std::string called(const std::string& path) {
  return fmt::format("parameter '{}'", path);
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
    if (node.kind == yaml::Node::Kind::null) {
      // What is null is not given.
      const bool is_needed = parameter.required && !parameter.default_value;
      if (is_needed) report(node, parameter.name, misfit(parameter, Value()));
      return;
    }
    check_part(parameter.shape, parameter.name, node, given);
    const bool is_known = given.is_constant() && !has_expressions(node);
    if (is_known && has_type(given.as_constant(), parameter.type()))
      report(node, parameter.name, misfit_of_choice(parameter, given.as_constant()));
  }

 private:
  static bool has_expressions(const yaml::Node& node) {
    return node.text.find("${{") != std::string::npos;
  }

  // `path` is that from the call's parameters: "embeds[0].title".
  void check_part(const Shape& shape, const std::string& path, const yaml::Node& node,
                  const Mapping& given) {
    if (shape.type == ValueType::any) return;
    if (given.is_secret()) return check_secret(shape, path, node);
    switch (node.kind) {
      case yaml::Node::Kind::mapping:
        return check_members(shape, path, node, given);
      case yaml::Node::Kind::sequence:
        return check_items(shape, path, node, given);
      case yaml::Node::Kind::scalar:
        if (!given.is_constant()) return check_expression(shape, path, node);
        if (!has_expressions(node)) report(node, path, misfit(shape, given.as_constant()));
        return;
      case yaml::Node::Kind::null:
        return;  // may be anywhere inside
    }
  }

  void check_secret(const Shape& shape, const std::string& path, const yaml::Node& node) {
    if (shape.type == ValueType::string) return;
    node.error(reading_.diagnostics(), fmt::format("a secret is text; {} must be of type {}",
                                                   called(path), name_of(shape.type)));
  }

  void check_items(const Shape& shape, const std::string& path, const yaml::Node& node,
                   const Mapping& given) {
    if (!check_type(shape, path, node, ValueType::array) || !shape.items) return;
    for (std::size_t i = 0; i < given.items().size(); ++i)
      check_part(*shape.items, fmt::format("{}[{}]", path, i), *node.items[i], given.items()[i]);
  }

  void check_members(const Shape& shape, const std::string& path, const yaml::Node& node,
                     const Mapping& given) {
    if (!check_type(shape, path, node, ValueType::object)) return;
    for (std::size_t i = 0; i < given.members().size(); ++i) {
      const auto& [name, part] = node.members[i];
      const auto* known = shape.field(name->text);
      if (known == nullptr) check_other_name(shape, path, *name);
      if (known == nullptr) known = shape.others.get();
      if (known != nullptr)
        check_part(*known, path + member_path(name->text), *part, given.members()[i].second);
    }
  }

  // A name that is not among those known: an error, or a slip where it may be right.
  void check_other_name(const Shape& shape, const std::string& path, const yaml::Node& name) {
    if (!shape.others) return report(name, path, unknown_member(shape, name.text));
    std::vector<std::string> known;
    for (const auto& field : shape.fields) known.push_back(field.first);
    const auto suggestion = slip_of(name.text, known);
    if (suggestion.empty()) return;
    reading_.diagnostics().warning(
        name.where, 0, name.text.size(),
        fmt::format("{} is not known to have '{}'{}", called(path), name.text, suggestion));
  }

  bool check_type(const Shape& shape, const std::string& path, const yaml::Node& node,
                  ValueType type) {
    if (may_be(type, shape.type)) return true;
    node.error(reading_.diagnostics(), fmt::format("{} must be of type {}, not {}", called(path),
                                                   name_of(shape.type), name_of(type)));
    return false;
  }

  // What it gives is known as far as the program shows it, or the shape of what it reads, which is
  // looked at when all of the file has been read.
  void check_expression(const Shape& shape, const std::string& path, const yaml::Node& node) {
    if (!reading_.surroundings().check_references) return;
    const auto program = reading_.program_in(node);
    if (program.empty()) {
      if (shape.type == ValueType::string) return;
      node.error(reading_.diagnostics(),
                 fmt::format("{} must be of type {}; text with expressions in it is a string",
                             called(path), name_of(shape.type)),
                 "put all of it into one ${{ … }}");
      return;
    }
    if (auto* use = reading_.whole_use(node)) {
      use->purpose = called(path);
      use->wanted = shape;
    }
    const auto kinds = expression::output_kinds(program);
    // What is null is not given, which the call finds where it must be.
    if (kinds.is_empty() || kinds.may_be(Value::Kind::null) || kinds.may_be(kind_of(shape.type)))
      return;
    node.error(reading_.diagnostics(), fmt::format("{} must be of type {}, which this never is",
                                                   called(path), name_of(shape.type)));
  }

  void report(const yaml::Node& node, const std::string& path, std::optional<Misfit> found) {
    if (!found) return;
    node.error(reading_.diagnostics(),
               fmt::format("{} {}", called(path + found->path), found->problem),
               std::move(found->hint));
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
