#include "shared/inputs.h"

#include <algorithm>
#include <string>

#include "shared/suggestion.h"

namespace tba {

Result<Value> fill_inputs(const std::vector<Input>& inputs, const Value& given) {
  if (!given.is_object() && !given.is_null()) {
    return Error{ErrorCode::invalid, "inputs are given as an object", ""};
  }
  std::vector<std::string> names;
  for (const auto& input : inputs) names.push_back(input.name);

  std::string problems;
  const auto complain = [&](const std::string& problem) {
    problems.append(problems.empty() ? "" : "; ").append(problem);
  };
  ObjectBuilder filled;
  for (const auto& input : inputs) {
    const Value* value = given.find(input.name);
    if (!value && input.default_value) value = &*input.default_value;
    if (!value) {
      complain("input '" + input.name + "' is missing");
    } else if (!has_type(*value, input.type)) {
      complain("input '" + input.name + "' is of type " + std::string(type_name(*value)) +
               ", not " + std::string(name_of(input.type)));
    } else {
      filled.put(input.name, *value);
    }
  }
  for (const auto& member : given.members()) {
    if (std::ranges::find(names, member.name) != names.end()) continue;
    complain("there is no input '" + std::string(member.name) + "'" +
             did_you_mean(member.name, names));
  }
  if (!problems.empty()) return Error{ErrorCode::invalid, problems, ""};
  return std::move(filled).build();
}

Value default_inputs(const std::vector<Input>& inputs) {
  ObjectBuilder defaults;
  for (const auto& input : inputs) defaults.put(input.name, input.default_value.value_or(Value()));
  return std::move(defaults).build();
}

}  // namespace tba
