#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/functions/tables.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::expression::detail {
namespace {

Outcome not_(Value input, std::span<Value>, Resources&) {
  return Value::boolean(!is_true(input));
}

Outcome length(Value input, std::span<Value>, Resources&) {
  switch (input.kind()) {
    case Value::Kind::null:
      return Value::integer(0);
    case Value::Kind::boolean:
      return Failure{described(input) + " has no length"};
    case Value::Kind::integer:
      return input.as_integer() < 0 ? negated(input) : Outcome(input);
    case Value::Kind::number:
      return Value::number(std::abs(input.as_number()));
    case Value::Kind::string:
      return Value::integer(static_cast<std::int64_t>(count_code_points(input.as_string())));
    case Value::Kind::array:
    case Value::Kind::object:
      break;
  }
  return Value::integer(static_cast<std::int64_t>(input.size()));
}

Outcome keys(Value input, std::span<Value>, Resources&) {
  ArrayBuilder names(input.size());
  if (input.is_object()) {
    std::vector<std::string_view> sorted;
    sorted.reserve(input.size());
    for (const auto& member : input.members()) sorted.push_back(member.name);
    std::sort(sorted.begin(), sorted.end());
    for (const auto name : sorted) names.add(Value::string(name));
  } else if (input.is_array()) {
    for (std::size_t i = 0; i < input.size(); ++i) {
      names.add(Value::integer(static_cast<std::int64_t>(i)));
    }
  } else {
    return Failure{described(input) + " has no keys"};
  }
  return std::move(names).build();
}

Outcome has(Value input, std::span<Value> arguments, Resources&) {
  const auto& key = arguments[0];
  if (input.is_object() && key.is_string()) {
    return Value::boolean(input.find(key.as_string()) != nullptr);
  }
  if (input.is_array() && key.is_number()) {
    const double position = key.as_number();
    return Value::boolean(position >= 0 && position < static_cast<double>(input.size()));
  }
  return Failure{
      fmt::format("Cannot check whether {} has a {} key", type_name(input), type_name(key))};
}

Outcome tojson(Value input, std::span<Value>, Resources&) {
  return Value::string(to_json(input));
}

Outcome tostring(Value input, std::span<Value>, Resources&) {
  return input.is_string() ? input : Value::string(to_json(input));
}

Outcome fromjson(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) return Failure{described(input) + " cannot be parsed as JSON"};
  auto value = parse_json(input.as_string());
  if (!value) {
    return Failure{
        fmt::format("{} cannot be parsed as JSON: {}", described(input), value.error().message)};
  }
  return std::move(*value);
}

Outcome tonumber(Value input, std::span<Value>, Resources&) {
  if (input.is_number()) return input;
  if (input.is_string()) {
    const auto value = parse_json(input.as_string());
    if (value && value->is_number()) return *value;
  }
  return Failure{described(input) + " cannot be parsed as a number"};
}

Outcome type(Value input, std::span<Value>, Resources&) {
  return Value::string(type_name(input));
}

constexpr auto kFunctions = std::to_array<Function>({
    {"fromjson", 0, true, fromjson},
    {"has", 1, false, has},
    {"keys", 0, false, keys},
    {"length", 0, false, length},
    {"not", 0, false, not_},
    {"tojson", 0, true, tojson},
    {"tonumber", 0, false, tonumber},
    {"tostring", 0, true, tostring},
    {"type", 0, false, type},
});

}  // namespace

std::span<const Function> core_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
