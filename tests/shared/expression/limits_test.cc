// What ends an evaluation before it takes all time and memory, and what nests as deep as it likes.

#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/expression/program.h"
#include "shared/value/json.h"

namespace tba::tests {
namespace {

using namespace tba::expression;

struct Ending {
  std::size_t outputs = 0;
  std::vector<Problem> problems;  ///< At most one; or those for which it does not compile.
  bool compiles = true;

  bool is_spent_budget() const { return !problems.empty() && problems[0].is_spent_budget; }
  std::string message() const { return problems.empty() ? "" : problems[0].message; }
};

/// What becomes of a program; it must end by itself.
Ending ending_of(std::string_view source, const Value& input = {}, const Budget& budget = {}) {
  Ending ending;
  const auto program = Program::compile(source, Mode::plain);
  if (!program) {
    ending.compiles = false;
    ending.problems = program.error();
    return ending;
  }
  Evaluation evaluation(*program, input, budget);
  while (const auto output = evaluation.next()) {
    if (*output)
      ++ending.outputs;
    else
      ending.problems.push_back(output->error());
  }
  return ending;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  result.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST_CASE("expression: a program that would take all there is ends with the limit's name") {
  std::ifstream file(TBA_SOURCE_DIR "/tests/data/expression/bombs.txt");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    ++count;
    CAPTURE(line);
    const auto ending = ending_of(line);
    CAPTURE(ending.message());
    CHECK(ending.compiles);
    CHECK(ending.is_spent_budget());
    CHECK(ending.message().find_first_of("0123456789") != std::string::npos);
  }
  CHECK(count > 100);
  CHECK(ending_of("1 + 1").outputs == 1);
}

TEST_CASE("expression: no handler forgives a spent budget, and outputs before it stand") {
  for (const std::string bomb : {"last(range(1e12))", "\"x\" * 1e10", "def f: 1 + f; f"}) {
    CAPTURE(bomb);
    for (const std::string around : {"try (@) catch 1", "(@)?", "[(@)?]", "(@)? // 1", "first(@)",
                                     "label $out | (@), 1", ". as [$a] ?// $a | (@)", "isempty(@)",
                                     "[.[]?, (@)]", "{a: (@)}", "\"\\(@)\"", "path(@)"}) {
      auto program = around;
      program.replace(program.find('@'), 1, bomb);
      CAPTURE(program);
      CHECK(ending_of(program).is_spent_budget());
    }
    const auto ending = ending_of("1, 2, (" + bomb + "), 3");
    CHECK(ending.outputs == 2);
    CHECK(ending.is_spent_budget());
  }
}

TEST_CASE("expression: a place far behind an array's end is refused") {
  for (const auto* program : {"setpath([1e9]; 1)", ".[1e9] = 1", "[] | .[536870911] |= 1",
                              ".[1e300] = 1", "[[1], [2]] | .[1][1e9] = 3"}) {
    CAPTURE(program);
    CHECK(ending_of(program).problems.size() == 1);
  }
}

TEST_CASE("expression: ten megabytes of text pass through, or end at a limit") {
  const auto text = Value::string(repeated("0123456789", 1 << 20));
  for (const auto* program :
       {"gsub(\"5\"; \"five\") | length", "gsub(\"x\"; \"y\") | length", "[splits(\"\")] | length",
        "split(\"5\") | length", "ascii_downcase | length", "explode | length", "test(\"[0-9]+x\")",
        "[match(\"9\"; \"g\")] | length", "@base64 | length", "@json | length", ". + . | length",
        "[., .] | join(\",\") | length", "index(\"90123456780\")", "ltrimstr(\"0\") | length",
        ".[1000000:2000000] | length", "tojson | fromjson | length",
        "ascii_upcase | explode | implode | length", "split(\"\") | unique | length"}) {
    CAPTURE(program);
    const auto ending = ending_of(program, text);
    CAPTURE(ending.message());
    CHECK((ending.outputs == 1 || ending.is_spent_budget()));
  }
}

TEST_CASE("expression: fromjson of a hundred thousand nested arrays fails") {
  const auto nested = repeated("[", 100'000) + repeated("]", 100'000);
  for (const std::string program : {"fromjson", "[fromjson?]", "fromjson | tojson | length"}) {
    CAPTURE(program);
    const auto ending = ending_of(program, Value::string(nested));
    CHECK((ending.problems.size() == 1 || program == "[fromjson?]"));
  }
  CHECK(ending_of("fromjson", Value::string(repeated("{\"a\":", 100'000))).problems.size() == 1);
}

TEST_CASE("value: a hundred thousand nested arrays are read, copied, written, compared and freed") {
  constexpr std::size_t kDepth = 100'000;
  for (const auto& [open, close] : {std::pair{"[", "]"}, std::pair{"{\"a\":", "}"}}) {
    const auto text = repeated(open, kDepth) + "1" + repeated(close, kDepth);
    const auto parsed = parse_json(text, {.depth = kDepth + 1});
    REQUIRE(parsed.has_value());
    const Value copy = *parsed;
    CHECK(copy.depth() == kDepth);
    CHECK(to_json(copy) == text);
    const auto again = parse_json(text, {.depth = kDepth + 1}).value();
    CHECK(again == copy);
    CHECK(std::is_eq(Value::compare(again, copy)));
    const auto other =
        parse_json(repeated(open, kDepth) + "2" + repeated(close, kDepth), {.depth = kDepth + 1})
            .value();
    CHECK_FALSE(other == copy);
    CHECK(std::is_lt(Value::compare(copy, other)));
  }
  CHECK_FALSE(parse_json(repeated("[", kDepth) + repeated("]", kDepth)).has_value());
}

TEST_CASE("expression: any program on deeply nested data ends") {
  constexpr std::size_t kDepth = 100'000;
  const auto deep =
      parse_json(repeated("[", kDepth) + repeated("]", kDepth), {.depth = kDepth}).value();
  for (const auto* program : {".",
                              "length",
                              "tojson | length",
                              "tostring | length",
                              ". == .",
                              "[.] | sort",
                              "flatten",
                              "[..] | length",
                              "last(..)",
                              "[paths] | length",
                              "[tostream] | length",
                              "walk(.)",
                              "contains(.)",
                              ". - .",
                              "[., .] | unique",
                              ".. |= .",
                              "del(..)",
                              "[leaf_paths] | length",
                              "getpath([range(99999) | 0])",
                              "setpath([range(99999) | 0]; 1)",
                              "error",
                              "@json",
                              "\"\\(.)\"",
                              "transpose",
                              "[.] | group_by(.)",
                              "index(.)",
                              "to_entries",
                              "reverse",
                              "add",
                              "@text",
                              "@csv",
                              "@sh",
                              "tojson | fromjson",
                              "fromstream(tostream)",
                              "min",
                              "keys",
                              "until(length == 0; .[0])",
                              "[recurse(.[0])] | length",
                              "ascii_downcase",
                              ". + 1"}) {
    CAPTURE(program);
    const auto ending = ending_of(program, deep);
    CHECK(ending.compiles);
    CHECK((ending.outputs == 1 || ending.problems.size() == 1));
  }
}

TEST_CASE("expression: a program that nests deep or is long compiles or is refused") {
  const auto nested = [](std::string_view open, std::string_view inner, std::string_view close) {
    return repeated(open, 10'000) + std::string(inner) + repeated(close, 10'000);
  };
  for (const auto& program :
       {nested("(", "1", ")"), nested("[", "1", "]"), nested("{a:", "1", "}"),
        nested("-(", "1", ")"), nested("if ", ".", " then 1 else 2 end"), nested("try (", "1", ")"),
        nested("def f: ", "1", "; f"), nested("\"\\(", "1", ")\""), nested("1 as $x | ", "1", ""),
        nested("label $x | ", "1", ""), nested("reduce (", "1", ") as $x (0; 1)"),
        nested("first(", "1", ")"), nested(".[", "0", "]"), nested("", "1", " as [$x] | 1"),
        nested("1 // ", "1", "")}) {
    CAPTURE(program.substr(0, 20));
    const auto ending = ending_of(program);
    CHECK((ending.outputs > 0 || !ending.problems.empty()));
    CHECK((ending.compiles || ending.message().find("nest") != std::string::npos));
  }
  CHECK_FALSE(ending_of(nested("(", "1", ")")).compiles);
  CHECK_FALSE(ending_of(". as " + nested("[", "$x", "]") + " | 1").compiles);

  for (const auto& program :
       {"." + repeated("[0]", 100'000), "." + repeated("[]?", 100'000), repeated(".a", 100'000),
        "1" + repeated(" + 1", 100'000), "1" + repeated(", 1", 100'000) + " | empty, 1",
        "1" + repeated(" | 1", 100'000), "[" + repeated("1, ", 100'000) + "1]",
        "{" + repeated("a: 1, ", 100'000) + "b: 2}", "\"" + repeated("x\\(1)", 50'000) + "\"",
        repeated("def f: 1; ", 50'000) + "f", "." + repeated("?", 100'000),
        "if . then 1 " + repeated("elif . then 1 ", 50'000) + "else 2 end"}) {
    CAPTURE(program.substr(0, 20));
    const auto ending = ending_of(program);
    CHECK((ending.outputs > 0 || !ending.problems.empty()));
  }
}

}  // namespace
}  // namespace tba::tests
