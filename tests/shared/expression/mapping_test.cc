#include "shared/expression/mapping.h"

#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "shared/value/json.h"

namespace tba::tests {
namespace {

using namespace tba::expression;

/// A template that stands in line 2 of a file, from column 6 on.
Mapping text(const std::string& scalar) {
  const auto file = std::make_shared<const SourceFile>("w.yaml", "with:\n  a: " + scalar + "\n");
  return Mapping::text(Template::parse(scalar).value(), SourcePositions(file, {{0, 11}}));
}

Context example_context() {
  Context context;
  context.set(Root::inputs, parse_json(R"({"name":"x","count":3})").value());
  return context;
}

TEST_CASE("mapping: the default is the constant null") {
  const Mapping mapping;
  CHECK(mapping.is_null());
  CHECK(mapping.is_constant());
  CHECK_FALSE(mapping.is_object());
  CHECK(mapping.as_constant().is_null());
  CHECK(mapping.members().empty());
  CHECK(mapping.evaluate({}).value().is_null());
  CHECK(mapping.references().empty());
  CHECK(Mapping::constant(Value()).is_null());
}

TEST_CASE("mapping: what holds no expression is a constant") {
  CHECK(text("plain").is_constant());
  CHECK(text("plain").as_constant().as_string() == "plain");
  const auto mapping = Mapping::object(
      {{"a", Mapping::constant(Value::integer(1))}, {"b", Mapping::array({text("x"), Mapping()})}});
  CHECK(mapping.is_constant());
  CHECK(mapping.is_object());
  CHECK(mapping.members().size() == 2);
  CHECK(to_json(mapping.as_constant()) == R"({"a":1,"b":["x",null]})");
  CHECK(to_json(mapping.evaluate({}).value()) == R"({"a":1,"b":["x",null]})");
}

TEST_CASE("mapping: every template is evaluated") {
  const auto mapping = Mapping::object(
      {{"z", text("${{ .inputs.count }}")},
       {"a",
        Mapping::array({text("n=${{ .inputs.name }}"), Mapping::constant(Value::boolean(true))})},
       {"c", Mapping::object({})}});
  CHECK_FALSE(mapping.is_constant());
  CHECK(mapping.is_object());
  CHECK(to_json(mapping.evaluate(example_context()).value()) ==
        R"({"z":3,"a":["n=x",true],"c":{}})");
  REQUIRE(mapping.references().size() == 2);
  CHECK(mapping.references()[1].keys == std::vector<std::string>{"name"});
}

TEST_CASE("mapping: an error begins with the place in the file") {
  for (const auto& mapping : {Mapping::object({{"a", text("hi ${{ .inputs.nam }}")}}),
                              Mapping::array({Mapping(), text("hi ${{ .inputs.nam }}")})}) {
    const auto value = mapping.evaluate(example_context());
    REQUIRE_FALSE(value.has_value());
    CHECK(value.error().code == ErrorCode::invalid);
    CHECK(value.error().message ==
          "w.yaml:2:21: '.inputs' has no key 'nam' (did you mean 'name'?)");
    CHECK_FALSE(value.error().hint.empty());
  }
}

TEST_CASE("mapping: a spent budget is a limit that was passed") {
  const auto value = text("${{ 1 + 1 }}").evaluate({}, {.steps = 1});
  REQUIRE_FALSE(value.has_value());
  CHECK(value.error().code == ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace tba::tests
