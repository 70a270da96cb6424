#include "shared/value_type.h"

#include <algorithm>
#include <array>

namespace tba {
namespace {

struct TypeName {
  ValueType type;
  std::string_view name;
  bool (Value::*fits)() const noexcept;
};

// An integer is a number too: the narrower type comes first.
constexpr std::array<TypeName, 6> kTypes{{
    {ValueType::string, "string", &Value::is_string},
    {ValueType::integer, "integer", &Value::is_integer},
    {ValueType::number, "number", &Value::is_number},
    {ValueType::boolean, "boolean", &Value::is_boolean},
    {ValueType::array, "array", &Value::is_array},
    {ValueType::object, "object", &Value::is_object},
}};

}  // namespace

std::string_view name_of(ValueType type) {
  const auto found = std::ranges::find(kTypes, type, &TypeName::type);
  return found == kTypes.end() ? "any" : found->name;
}

std::optional<ValueType> value_type_named(std::string_view name) {
  if (name == "any") return ValueType::any;
  const auto found = std::ranges::find(kTypes, name, &TypeName::name);
  return found == kTypes.end() ? std::nullopt : std::optional(found->type);
}

std::string with_article(ValueType type) {
  if (type == ValueType::any) return "anything";
  const auto name = name_of(type);
  return (std::string_view("aio").find(name.front()) != std::string_view::npos ? "an " : "a ") +
         std::string(name);
}

ValueType type_of(const Value& value) {
  const auto found =
      std::ranges::find_if(kTypes, [&](const TypeName& type) { return (value.*type.fits)(); });
  return found == kTypes.end() ? ValueType::any : found->type;
}

bool has_type(const Value& value, ValueType type) {
  const auto found = std::ranges::find(kTypes, type, &TypeName::type);
  return found == kTypes.end() || (value.*found->fits)();
}

bool may_be(ValueType type, ValueType other) {
  const auto is_number = [](ValueType each) {
    return each == ValueType::integer || each == ValueType::number;
  };
  return type == other || type == ValueType::any || other == ValueType::any ||
         (is_number(type) && is_number(other));
}

}  // namespace tba
