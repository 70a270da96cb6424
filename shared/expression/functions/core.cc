#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/functions/json_text.h"
#include "shared/expression/functions/tables.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::expression::detail {
namespace {

Outcome not_(Value input, std::span<Value>, Resources&) {
  return Value::boolean(!is_true(input));
}

Outcome type(Value input, std::span<Value>, Resources&) {
  // Made once: programs ask this of every part of their data.
  static const std::array kNames = {Value::string("null"),   Value::string("boolean"),
                                    Value::string("number"), Value::string("number"),
                                    Value::string("string"), Value::string("array"),
                                    Value::string("object")};
  return kNames[static_cast<std::size_t>(input.kind())];
}

Outcome length(Value input, std::span<Value>, Resources& resources) {
  switch (input.kind()) {
    case Value::Kind::boolean:
      return Failure{described(input) + " has no length"};
    case Value::Kind::integer:
      return input.as_integer() < 0 ? negated(input) : Outcome(input);
    case Value::Kind::number:
      return Value::number(std::abs(input.as_number()));
    case Value::Kind::string:
      if (!resources.spend(input.bytes())) return resources.spent_steps();
      return Value::integer(static_cast<std::int64_t>(count_code_points(input.as_string())));
    case Value::Kind::null:
    case Value::Kind::array:
    case Value::Kind::object:
      break;
  }
  return Value::integer(static_cast<std::int64_t>(input.size()));
}

// --- texts

Outcome tojson(Value input, std::span<Value>, Resources&) {
  return Value::string(to_json(input));
}

Outcome tostring(Value input, std::span<Value>, Resources&) {
  return input.is_string() ? input : Value::string(to_json(input));
}

Outcome fromjson(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) return Failure{described(input) + " only strings can be parsed"};
  return read_json(input.as_string());
}

Outcome tonumber(Value input, std::span<Value>, Resources&) {
  if (input.is_number()) return input;
  if (input.is_string()) {
    auto value = read_json(input.as_string());
    if (!value || value->is_number()) return value;
  }
  return Failure{described(input) + " cannot be parsed as a number"};
}

// --- messages to whoever follows the evaluation

Outcome debug(Value input, std::span<Value>, Resources& resources) {
  resources.log(fmt::format("[\"DEBUG:\",{}]", to_json(input)));
  return input;
}

Outcome stderr_(Value input, std::span<Value>, Resources& resources) {
  resources.log(input.is_string() ? std::string(input.as_string()) : to_json(input));
  return input;
}

// --- what is always the same

/// There are no lines of input.
Outcome input_line_number(Value, std::span<Value>, Resources&) {
  return Value::integer(0);
}

/// Whether numbers keep digits that a double has no room for: integers of 64 bits do.
Outcome have_literal_numbers(Value, std::span<Value>, Resources&) {
  return Value::boolean(true);
}

constexpr auto kFunctions = std::to_array<Function>({
    {"debug", 0, true, debug},
    {"fromjson", 0, true, fromjson},
    {"have_decnum", 0, false, have_literal_numbers},
    {"have_literal_numbers", 0, false, have_literal_numbers},
    {"input_line_number", 0, false, input_line_number},
    {"length", 0, false, length},
    {"not", 0, false, not_},
    {"stderr", 0, true, stderr_},
    {"tojson", 0, true, tojson},
    {"tonumber", 0, true, tonumber},
    {"tostring", 0, true, tostring},
    {"type", 0, false, type},
});

}  // namespace

std::span<const Function> core_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
