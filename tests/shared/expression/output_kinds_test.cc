#include "shared/expression/output_kinds.h"

#include <string>

#include <catch2/catch.hpp>

#include "shared/expression/program.h"
#include "shared/value/json.h"

namespace tba::tests {
namespace {

using namespace tba::expression;
using Kind = Value::Kind;

/// What the program may give, as the letters of null, boolean, number, string, array, object.
std::string kinds(std::string_view program) {
  const auto found = output_kinds(program);
  std::string letters;
  for (const auto& [kind, letter] :
       {std::pair(Kind::null, 'n'), std::pair(Kind::boolean, 'b'), std::pair(Kind::number, '1'),
        std::pair(Kind::string, 's'), std::pair(Kind::array, 'a'), std::pair(Kind::object, 'o')}) {
    if (found.may_be(kind)) letters += letter;
  }
  return letters;
}

TEST_CASE("kinds: what is evident of a program's outputs") {
  CHECK(kinds("null") == "n");
  CHECK(kinds("true") == "b");
  CHECK(kinds("1") == "1");
  CHECK(kinds("1.5") == "1");
  CHECK(kinds("-1") == "1");
  CHECK(kinds("-.a") == "1");
  CHECK(kinds("\"x\"") == "s");
  CHECK(kinds("\"a\\(.x)\"") == "s");
  CHECK(kinds("[.a]") == "a");
  CHECK(kinds("{a: 1}") == "o");
  CHECK(kinds(".") == "nb1sao");
  CHECK(kinds(".a.b[0]") == "nb1sao");
  CHECK(kinds(".a == 1 and .b") == "b");
  CHECK(kinds(".a > 1") == "b");
  CHECK(kinds(".a | length") == "1");
  CHECK(kinds("length > 1 | not") == "b");
  CHECK(kinds("map(.a)") == "a");
  CHECK(kinds("1, \"x\"") == "1s");
  CHECK(kinds("empty").empty());
  CHECK(kinds("1 | .") == "1");
  CHECK(kinds("1 | select(. > 0)") == "1");
  CHECK(kinds("1 as $x | $x + 1 | tostring") == "s");
}

TEST_CASE("kinds: of arithmetic, defaults and conditions") {
  CHECK(kinds(".a + 1") == "nb1sao");
  CHECK(kinds("\"a\" + null") == "ns");
  CHECK(kinds(".a - .b") == "1a");
  CHECK(kinds(".a * .b") == "n1so");
  CHECK(kinds(".a / .b") == "1a");
  CHECK(kinds(".a % .b") == "1");
  CHECK(kinds(".a // 1") == "nb1sao");
  CHECK(kinds("[] // 1") == "1a");
  CHECK(kinds("if .a then 1 else \"x\" end") == "1s");
  CHECK(kinds("if .a then 1 elif .b then [] else {} end") == "1ao");
  CHECK(kinds("1 | if . then \"x\" end") == "1s");
}

TEST_CASE("kinds: of what is no program, or is not known, all") {
  CHECK(kinds("1 +") == "nb1sao");
  CHECK(kinds("fromjson") == "nb1sao");
  CHECK(kinds("$x") == "nb1sao");
  CHECK(kinds("nosuch") == "nb1sao");
}

TEST_CASE("kinds: no output is of another kind") {
  const auto inputs = parse_json(
      R"([null, true, 0, 1.5, "", "a,b", "[1]", [], [1, 2], ["a"], [[1]], {}, {"a": 1}, {"a": {"b": true}}])");
  for (const auto* text :
       {".a",        "length",     "keys",   "not",         "tostring",
        "tojson",    "type",       "map(.)", "map(length)", ". + .",
        ". - .",     ". * 2",      ". * .",  ". / \",\"",   ". % 3",
        "-.",        ". // 1",     ". == 1", ". and true",  "if . then 1 else \"x\" end",
        "select(.)", "[.[]?]",     "{a: .}", "\"\\(.)\"",   ". as $x | $x",
        "tonumber",  "has(\"a\")", "has(0)", "fromjson"}) {
    const auto program = Program::compile(text, Mode::plain);
    REQUIRE(program.has_value());
    const auto evident = output_kinds(text);
    for (const auto& input : inputs->items()) {
      CAPTURE(text, to_json(input));
      Evaluation evaluation(*program, input);
      while (const auto output = evaluation.next()) {
        if (!*output) break;
        CHECK(evident.may_be((*output)->kind()));
      }
    }
  }
}

}  // namespace
}  // namespace tba::tests
