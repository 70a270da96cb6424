#include "shared/shape.h"

#include <memory>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "shared/connector_catalog.h"
#include "shared/file.h"
#include "shared/suggestion.h"
#include "shared/value/json.h"

using tba::Diagnostics;
using tba::Shape;
using tba::Value;
using tba::ValueType;

namespace {

Shape read(std::string text, Diagnostics& diagnostics) {
  const auto file = std::make_shared<const tba::SourceFile>("shape.yaml", std::move(text));
  const auto root = tba::yaml::read(file, diagnostics);
  REQUIRE(root);
  return tba::read_shape(*root, diagnostics);
}

Shape read(std::string text) {
  Diagnostics diagnostics;
  auto shape = read(std::move(text), diagnostics);
  INFO(diagnostics.render());
  REQUIRE(diagnostics.empty());
  return shape;
}

std::string problems(std::string text) {
  Diagnostics diagnostics;
  read(std::move(text), diagnostics);
  return diagnostics.render();
}

std::string written(const Shape& shape) {
  return tba::to_json(tba::notation(shape));
}

/// Where a name looks like a slip of one that is known.
std::optional<std::string> slip(const Shape& shape, const Value& value, const std::string& path) {
  for (const auto& item : value.items()) {
    if (auto found = shape.items ? slip(*shape.items, item, path + "[]") : std::nullopt)
      return found;
  }
  std::vector<std::string> known;
  for (const auto& field : shape.fields) known.push_back(field.first);
  for (const auto& member : value.members()) {
    const std::string name(member.name);
    const auto* field = shape.field(name);
    if (field == nullptr && !tba::slip_of(name, known).empty())
      return path + "." + name + tba::slip_of(name, known);
    if (field == nullptr) field = shape.others.get();
    if (auto found =
            field != nullptr ? slip(*field, member.value, path + "." + name) : std::nullopt)
      return found;
  }
  return std::nullopt;
}

/// "where: what; hint" of the misfit, or "fits".
std::string misfit_of(const std::string& shape, std::string_view json) {
  const auto found = tba::misfit(read(shape), tba::parse_json(json).value());
  if (!found) return "fits";
  return found->path + ": " + found->problem + (found->hint.empty() ? "" : "; " + found->hint);
}

std::string conflict_of(const std::string& given, const std::string& wanted) {
  const auto found = tba::conflict(read(given), read(wanted));
  if (!found) return "none";
  return found->path + ": " + std::string(name_of(found->given)) + " for " +
         std::string(name_of(found->wanted));
}

}  // namespace

TEST_CASE("shape: is written as the data looks") {
  for (const std::string text :
       {R"("any")", R"("string")", R"("array")", R"("object")", R"(["integer"])", R"({})",
        R"({"a":"string","b":{"c":["number"]},"d":"boolean"})", R"({"id":"string","...":"any"})",
        R"({"...":"string"})", R"([{"a":["any"]}])"}) {
    CHECK(written(read(text)) == text);
  }
  CHECK(written(read("{ login: string, plan: { name: string, ...: any } }")) ==
        R"({"login":"string","plan":{"name":"string","...":"any"}})");
  CHECK(written(read("login: string\n...: any\n")) == R"({"login":"string","...":"any"})");
}

TEST_CASE("shape: an object has no other fields than those written, but for '...'") {
  const auto closed = read("{ a: string }");
  CHECK(closed.type == ValueType::object);
  CHECK(closed.field("a")->type == ValueType::string);
  CHECK(closed.field("b") == nullptr);
  CHECK_FALSE(closed.others);
  const auto open = read("{ a: string, ...: integer }");
  CHECK(open.field("...") == nullptr);
  CHECK(open.others->type == ValueType::integer);
  CHECK(read("object").others->type == ValueType::any);
}

TEST_CASE("shape: what is none is told with its place") {
  CHECK(
      problems("{ a: strng }") ==
      "shape.yaml:1:6: error: there is no type 'strng' (did you mean 'string'?)\n"
      "    1 | { a: strng }\n"
      "      |      ^~~~~\n"
      "      hint: one of: any, string, integer, number, boolean, array, object; or the fields of "
      "an object, or a list of one shape\n");
  CHECK(problems("a: [string, integer]\n") ==
        "shape.yaml:1:4: error: the shape of an array is a list of one: the shape of every item\n"
        "    1 | a: [string, integer]\n"
        "      |    ^\n");
  CHECK(problems("a:\n") ==
        "shape.yaml:1:1: error: 'a' has no shape\n"
        "    1 | a:\n"
        "      | ^\n"
        "      hint: write `any` for what may be anything\n");
  CHECK(problems("~\n") ==
        "shape.yaml:1:1: error: a shape is missing\n"
        "    1 | ~\n"
        "      | ^\n"
        "      hint: write `any` for what may be anything\n");
}

TEST_CASE("shape: of a value") {
  CHECK(
      written(tba::shape_of(
          tba::parse_json(R"({"a":1,"b":1.5,"c":"x","d":[1],"e":{"f":true},"g":null})").value())) ==
      R"({"a":"integer","b":"number","c":"string","d":"array","e":{"f":"boolean"},"g":"any"})");
}

TEST_CASE("shape: either of two") {
  const auto both = [](std::string left, std::string right) {
    return written(tba::either(read(std::move(left)), read(std::move(right))));
  };
  CHECK(both("string", "string") == R"("string")");
  CHECK(both("string", "integer") == R"("any")");
  CHECK(both("any", "{ a: string }") == R"("any")");
  CHECK(both("{ a: string, b: integer }", "{ b: string, c: integer }") ==
        R"({"a":"string","b":"any","c":"integer"})");
  CHECK(both("{ a: string }", "{ ...: string }") == R"({"a":"string","...":"string"})");
  CHECK(both("{ ...: integer }", "{ a: string }") == R"({"a":"any","...":"integer"})");
  CHECK(both("[{ a: string }]", "[{ b: string }]") == R"([{"a":"string","b":"string"}])");
  CHECK(both("[string]", "array") == R"("array")");
}

TEST_CASE("shape: a value is held to it, part by part") {
  const std::string shape = "{ id: integer, tags: [string], owner: { name: string, ...: any } }";
  CHECK(misfit_of(shape, R"({"id":1,"tags":["a"],"owner":{"name":"x","age":5}})") == "fits");
  CHECK(misfit_of(shape, R"({"id":null,"tags":[null],"owner":null})") == "fits");
  CHECK(misfit_of(shape, "{}") == "fits");
  CHECK(misfit_of(shape, "[]") == ": must be of type object, not array");
  CHECK(misfit_of("string", "5") == ": must be of type string, not number; write it in quotes");
  CHECK(misfit_of("any", "null") == "fits");
  CHECK(misfit_of("string", "null") == ": must be of type string, not null");
  CHECK(misfit_of(shape, R"({"tags":["a",{}]})") == ".tags[1]: must be of type string, not object");
  CHECK(misfit_of(shape, R"({"owner":{"name":5}})") ==
        ".owner.name: must be of type string, not number; write it in quotes");
  CHECK(misfit_of(shape, R"({"idd":5})") ==
        ": has no 'idd' (did you mean 'id'?); it has: id, tags, owner");
  CHECK(misfit_of("{ odd name: [integer] }", R"({"odd name":["x"]})") ==
        R"(["odd name"][0]: must be of type integer, not string)");
  CHECK(misfit_of("{ ...: integer }", R"({"a":1,"b":"x"})") ==
        ".b: must be of type integer, not string");
  CHECK(misfit_of("{}", R"({"a":1})") == ": has no 'a'");
}

TEST_CASE("shape: data of one cannot be of another where types differ") {
  CHECK(conflict_of("string", "integer") == ": string for integer");
  CHECK(conflict_of("integer", "number") == "none");
  CHECK(conflict_of("number", "integer") == "none");
  CHECK(conflict_of("any", "integer") == "none");
  CHECK(conflict_of("object", "any") == "none");
  CHECK(conflict_of("[string]", "[integer]") == "[]: string for integer");
  CHECK(conflict_of("array", "[integer]") == "none");
  CHECK(conflict_of("[{ a: { b: string } }]", "[{ a: { b: boolean } }]") ==
        "[].a.b: string for boolean");
  CHECK(conflict_of("{ a: string, b: string }", "{ b: string }") == "none");
  CHECK(conflict_of("{ a: string }", "{ ...: integer }") == ".a: string for integer");
}

TEST_CASE("shape: those of GitHub's events hold for every payload of GitHub's own examples") {
  const auto file = std::string(TBA_SOURCE_DIR) +
                    "/tests/node_modules/@octokit/webhooks-examples/api.github.com/index.json";
  const auto text = tba::read_file(file, 16 << 20);
  INFO("the payloads come from npm: packaging/test fetches them");
  REQUIRE(text.has_value());
  const auto events = tba::parse_json(*text).value();
  const auto github = tba::built_in_connectors().find("github");
  for (const auto& [name, shape] : github->webhook->events) {
    CAPTURE(name);
    int payloads = 0;
    for (const auto& event : events.items()) {
      if (event.find("name")->as_string() != name) continue;
      for (const auto& payload : event.find("examples")->items()) {
        ++payloads;
        const auto found = tba::misfit(shape, payload);
        CHECK((found ? found->path + " " + found->problem : "fits") == "fits");
        CHECK(slip(shape, payload, "").value_or("none") == "none");
      }
    }
    CHECK(payloads > 5);
  }
}
