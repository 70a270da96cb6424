#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "shared/value/value.h"

namespace tba {

/// The type a value must have, as `type:` of a workflow's input or an endpoint's parameter says it.
enum class ValueType { any, string, integer, number, boolean, array, object };

/// The name as written in files: "string", "integer", …
std::string_view name_of(ValueType type);

/// All of them, for tables.
inline constexpr std::array<std::string_view, 7> kValueTypeNames{
    "any", "string", "integer", "number", "boolean", "array", "object"};

std::optional<ValueType> value_type_named(std::string_view name);

/// "a string", "an integer", …
std::string with_article(ValueType type);

/// The narrowest type of the value; `any` for null.
ValueType type_of(const Value& value);

/// Whether the value is of that type. An integer is a number too; null is of no type but `any`.
bool has_type(const Value& value, ValueType type);

/// Whether something of the one type may be a value of the other: a number may be an integer, and
/// anything may be anything.
bool may_be(ValueType type, ValueType other);

}  // namespace tba
