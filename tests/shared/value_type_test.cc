#include "shared/value_type.h"

#include <catch2/catch.hpp>

using tba::Value;
using tba::ValueType;

TEST_CASE("value type: names are read and written alike") {
  for (const auto* name : {"any", "string", "integer", "number", "boolean", "array", "object"}) {
    CHECK(tba::name_of(tba::value_type_named(name).value()) == name);
  }
  CHECK_FALSE(tba::value_type_named("String"));
}

TEST_CASE("value type: an integer is a number, a fraction no integer, null only any") {
  CHECK(tba::has_type(Value::integer(3), ValueType::number));
  CHECK(tba::has_type(Value::integer(3), ValueType::integer));
  CHECK_FALSE(tba::has_type(Value::number(3.5), ValueType::integer));
  CHECK_FALSE(tba::has_type(Value(), ValueType::string));
  CHECK(tba::has_type(Value(), ValueType::any));
  CHECK(tba::has_type(Value::string("3"), ValueType::string));
  CHECK_FALSE(tba::has_type(Value::string("3"), ValueType::integer));
}
