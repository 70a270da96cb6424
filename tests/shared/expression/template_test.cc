#include "shared/expression/template.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/value/json.h"

namespace tba::tests {
namespace {

using namespace tba::expression;

Context example_context() {
  Context context;
  context.set(
      Root::inputs,
      parse_json(R"({"s":"text","n":1.5,"i":7,"t":true,"z":null,"a":[1],"o":{"k":"v"}})").value());
  return context;
}

/// The value as JSON; a problem as "offset+length: message".
std::string evaluated(std::string_view text) {
  const auto parsed = Template::parse(text);
  std::vector<Problem> problems;
  if (!parsed) {
    problems = parsed.error();
  } else {
    const auto value = parsed->evaluate(example_context());
    if (value) return to_json(*value);
    problems.push_back(value.error());
  }
  std::string listed;
  for (const auto& problem : problems) {
    if (!listed.empty()) listed += '\n';
    listed += std::to_string(problem.offset) + "+" + std::to_string(problem.length) + ": " +
              problem.message;
  }
  return listed;
}

TEST_CASE("template: exactly one expression keeps its type") {
  CHECK(evaluated("${{ .inputs.i }}") == "7");
  CHECK(evaluated("${{.inputs.a}}") == "[1]");
  CHECK(evaluated("${{ .inputs.o }}") == R"({"k":"v"})");
  CHECK(evaluated("${{ .inputs.z }}") == "null");
  CHECK(evaluated("${{ empty }}") == "null");
  CHECK(evaluated("${{ .inputs.nothing? }}") == "null");
  CHECK(evaluated("${{ .inputs.a[] }}") == "1");
  CHECK(Template::parse("${{ .inputs.i }}").value().is_expression());
  CHECK_FALSE(Template::parse(" ${{ .inputs.i }}").value().is_expression());
  CHECK_FALSE(Template::parse("${{ .inputs.i }}${{ .inputs.i }}").value().is_expression());
}

TEST_CASE("template: outputs within text") {
  CHECK(evaluated("a ${{ .inputs.s }} b") == "\"a text b\"");
  CHECK(evaluated(
            "${{ .inputs.n }}|${{ .inputs.i }}|${{ .inputs.t }}|${{ .inputs.z }}|${{ empty }}") ==
        "\"1.5|7|true|null|null\"");
  CHECK(evaluated("${{ .inputs.o | tojson }}!") == R"("{\"k\":\"v\"}!")");
  CHECK(evaluated("${{ .inputs.s }} ") == "\"text \"");
}

TEST_CASE("template: results are data and are not evaluated again") {
  CHECK(evaluated("${{ \"$\" + \"{{ .inputs.i }}\" }}") == "\"${{ .inputs.i }}\"");
}

TEST_CASE("template: text without expressions is a constant") {
  for (const std::string text : {"", "plain", "$", "$$", "${x}", "{{ x }}", "$ {{", "}}"}) {
    CAPTURE(text);
    const auto parsed = Template::parse(text).value();
    CHECK(parsed.is_constant());
    CHECK(parsed.as_constant() == text);
    CHECK_FALSE(parsed.is_expression());
  }
  CHECK(Template::parse("$${{ .a }}").value().as_constant() == "${{ .a }}");
  CHECK(evaluated("$${{ x }} ${{ .inputs.i }}") == "\"${{ x }} 7\"");
  CHECK(evaluated("$$${{ x") == "\"$${{ x\"");
}

TEST_CASE("template: the end of an expression is found past brackets, strings and comments") {
  CHECK(evaluated("${{ {a: {b: 1}}}}") == R"({"a":{"b":1}})");
  CHECK(evaluated("${{ \"}}\" }}") == "\"}}\"");
  CHECK(evaluated("${{ \"\\\"}}\" }}x") == "\"\\\"}}x\"");
  CHECK(evaluated("${{ \"\\({a: {b: \"}}\"}} | tojson)\" }}") == R"("{\"a\":{\"b\":\"}}\"}}")");
  CHECK(evaluated("${{ 1 # one }}") == "1");
  CHECK(evaluated("${{ [1 # one }} \"\n, 2] }}") == "[1,2]");
}

TEST_CASE("template: problems have offsets into the template's text") {
  CHECK(evaluated("ab ${{ .inputs.missing }}") == "15+7: '.inputs' has no key 'missing'");
  CHECK(
      evaluated("x ${{ .inputs.s }} ${{ .foo }} ${{ lenght }}") ==
      "24+3: the context has no '.foo'\n35+6: unknown function 'lenght' (did you mean 'length'?)");
  CHECK(evaluated("x ${{ .inputs.s") == "2+3: the expression is not closed: '}}' is missing");
  CHECK(evaluated("${{ }}") == "4+0: the expression is empty");
  CHECK(evaluated("${{ 1, 2 }}") == "3+6: the expression has several outputs");
  CHECK(evaluated("a${{ .inputs.a }}") == "4+11: an array cannot be put into text");
  CHECK(evaluated("a${{ .inputs.o }}") == "4+11: an object cannot be put into text");
  const auto nested = Template::parse("a${{ .inputs.a }}").value().evaluate(example_context());
  CHECK(nested.error().hint == "add '| tojson' to put it in as JSON");
}

TEST_CASE("template: a budget holds for each expression") {
  const auto parsed = Template::parse("${{ 1 + .inputs.i }}").value();
  const auto value = parsed.evaluate(example_context(), {.steps = 1});
  REQUIRE_FALSE(value.has_value());
  CHECK(value.error().is_spent_budget);
}

TEST_CASE("template: references tell whether a missing key is forgiven") {
  const auto parsed =
      Template::parse(
          "${{ .env.a }} ${{ .env.a? }} ${{ .env.a // 1 }} ${{ (.env.a.b)? }} ${{ .env[\"a\"] }}")
          .value();
  std::vector<bool> strict;
  for (const auto& reference : parsed.references()) strict.push_back(reference.is_strict);
  CHECK(strict == std::vector<bool>{true, false, false, false, true});
}

TEST_CASE("template: references have offsets into the template's text") {
  const auto parsed = Template::parse("a ${{ .steps.x.body }} ${{ $env.HOME }}").value();
  REQUIRE(parsed.references().size() == 2);
  CHECK(parsed.references()[0].root == Root::steps);
  CHECK(parsed.references()[0].keys == std::vector<std::string>{"x", "body"});
  CHECK(parsed.references()[0].offset == 6);
  CHECK(parsed.references()[0].length == 13);
  REQUIRE(parsed.references()[0].key_spans.size() == 2);
  CHECK(parsed.references()[0].key_spans[0].offset == 13);
  CHECK(parsed.references()[0].key_spans[0].length == 1);
  CHECK(parsed.references()[0].key_spans[1].offset == 15);
  CHECK(parsed.references()[0].key_spans[1].length == 4);
  CHECK(parsed.references()[1].root == Root::env);
  CHECK(parsed.references()[1].offset == 27);
}

}  // namespace
}  // namespace tba::tests
