#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "shared/import/description.h"
#include "shared/shape.h"
#include "shared/value/value.h"
#include "shared/value_type.h"

/// What a JSON Schema, or what OpenAPI and Swagger make of one, says of values, as far as a
/// connector can say it.
namespace tba::importing {

/// Of a single value.
struct SchemaFacts {
  ValueType type = ValueType::any;
  bool is_nullable = false;
  std::vector<Value> choices;  ///< Of its type, none twice; empty: anything.
  std::optional<Value> default_value;
};

SchemaFacts facts_of(Description& description, const Value& schema);

/// One member of an object.
struct SchemaMember {
  std::string_view name;
  const Value* schema = nullptr;
  bool is_required = false;
};

/// The members that an object of that schema may have when it is sent, those of `allOf` and of all
/// alternatives included, none twice. Nothing where it may be something else than an object, or an
/// object whose members are not known.
std::optional<std::vector<SchemaMember>> members_of(Description& description, const Value& schema);

/// Which way data goes: some members are only in what is sent, others only in what is answered.
enum class Direction { request, response };

/// The form of what has that schema. Bounded: what lies deep, large objects inside of others, and
/// what contains itself are given as `object`.
Shape shape_of_schema(Description& description, const Value& schema, Direction direction);

}  // namespace tba::importing
