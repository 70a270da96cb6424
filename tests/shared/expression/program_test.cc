#include "shared/expression/program.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/value/json.h"

namespace tba::tests {
namespace {

using namespace tba::expression;

/// All outputs as JSON, one a line; the problem that ended it, if any, as "error: …".
std::string drain(Evaluation& evaluation) {
  std::string text;
  while (const auto output = evaluation.next()) {
    if (!text.empty()) text += '\n';
    text += *output ? to_json(**output) : "error: " + output->error().message;
  }
  return text;
}

/// The problems of a program that does not compile: "offset+length: message" each.
std::string listed(const std::vector<Problem>& problems) {
  std::string text;
  for (const auto& problem : problems) {
    if (!text.empty()) text += '\n';
    text += std::to_string(problem.offset) + "+" + std::to_string(problem.length) + ": " +
            problem.message;
  }
  return text;
}

/// Plain jq.
std::string jq(std::string_view source, std::string_view input = "null",
               const Budget& budget = {}) {
  const auto program = Program::compile(source, Mode::plain);
  if (!program) return listed(program.error());
  Evaluation evaluation(*program, parse_json(input).value(), budget);
  return drain(evaluation);
}

Context example_context() {
  Context context;
  context
      .set(Root::trigger, parse_json(R"({"body":{"issue":{"title":"Bug","milestone":null,"number":7,
           "labels":[{"name":"a"},{"name":"b","color":"red"}]}},"event":"issues.opened"})")
                              .value())
      .set(Root::inputs, parse_json(R"({"minimum":10,"name":"x","list":[1,20,3]})").value())
      .set(Root::steps,
           parse_json(
               R"({"fetch":{"status":200,"body":{"id":5}},"skipped":{"status":null,"body":null}})")
               .value())
      .set(Root::vars, parse_json(R"({"a b":1})").value());
  return context;
}

/// A workflow's expression.
std::string workflow(std::string_view source) {
  const auto program = Program::compile(source, Mode::workflow);
  if (!program) return listed(program.error());
  const auto context = example_context();
  Evaluation evaluation(*program, context);
  return drain(evaluation);
}

struct Case {
  const char* source;
  const char* input;
  const char* outputs;
};

void check(const std::vector<Case>& cases) {
  for (const auto& [source, input, outputs] : cases) {
    CAPTURE(source, input);
    CHECK(jq(source, input) == outputs);
  }
}

TEST_CASE("expression: paths") {
  check({
      {".", "5", "5"},
      {".a", R"({"a":1})", "1"},
      {".a", R"({"b":1})", "null"},
      {".a", "null", "null"},
      {".a.b.c", R"({"a":{"b":{"c":3}}})", "3"},
      {".a.b.c", R"({"a":null})", "null"},
      {".\"a\"", R"({"a":1})", "1"},
      {".\"a b\".c", R"({"a b":{"c":2}})", "2"},
      {".a.\"b\"", R"({"a":{"b":2}})", "2"},
      {".[\"a\"]", R"({"a":1})", "1"},
      {".a[\"b\"]", R"({"a":{"b":2}})", "2"},
      {".a.[\"b\"]", R"({"a":{"b":2}})", "2"},
      {".\"a\\(1+1)\"", R"({"a2":2})", "2"},
      {".and", R"({"and":1})", "1"},
      {".if.then", R"({"if":{"then":1}})", "1"},
      {".[0]", "[1,2]", "1"},
      {".[-1]", "[1,2]", "2"},
      {".[2]", "[1,2]", "null"},
      {".[-3]", "[1,2]", "null"},
      {".[1.7]", "[1,2]", "2"},
      {".[0]", "null", "null"},
      {".[null]?", "{}", ""},
      {".[0].a[1]", R"([{"a":[1,2]}])", "2"},
      {".[.b]", R"({"b":"a","a":1})", "1"},
      {".[\"a\",\"b\"]", R"({"b":2,"a":1})", "1\n2"},
      {".[]", "[1,[2],{}]", "1\n[2]\n{}"},
      {".[]", R"({"b":1,"a":2})", "1\n2"},
      {".[]", "[]", ""},
      {".[]", "{}", ""},
      {".[][]", "[[1,2],[],[3]]", "1\n2\n3"},
      {".a[].b", R"({"a":[{"b":1},{"c":2}]})", "1\nnull"},
      {".[1:]", "[1,2,3]", "[2,3]"},
      {".[:1]", "[1,2,3]", "[1]"},
      {".[1:2]", "[1,2,3]", "[2]"},
      {".[-2:]", "[1,2,3]", "[2,3]"},
      {".[:-1]", "[1,2,3]", "[1,2]"},
      {".[2:1]", "[1,2,3]", "[]"},
      {".[10:]", "[1,2,3]", "[]"},
      {".[-10:2]", "[1,2,3]", "[1,2]"},
      {".[1.2:2.1]", "[1,2,3]", "[2,3]"},
      {".[1:3]", "\"héllo\"", "\"él\""},
      {".[-2:]", "\"a€😀\"", "\"€😀\""},
      {".[1:]", "null", "null"},
      {".[null:2]", "[1,2,3]", "[1,2]"},
      {".a[.b:.c]", R"({"a":[1,2,3,4],"b":1,"c":3})", "[2,3]"},
      {".[(0,1):(2,3)]", "[1,2,3]", "[1,2]\n[1,2,3]\n[2]\n[2,3]"},
  });
}

TEST_CASE("expression: what a path cannot read is an error with jq's words") {
  check({
      {".a", "1", "error: Cannot index number with string \"a\""},
      {".a", "[1]", "error: Cannot index array with string \"a\""},
      {".a.b", R"({"a":"x"})", "error: Cannot index string with string \"b\""},
      {".[0]", "{}", "error: Cannot index object with number"},
      {".[0]", "\"abc\"", "error: Cannot index string with number"},
      {".[{}]", "[1]", "error: Start and end indices of an array slice must be numbers"},
      {".[true]", "{}", "error: Cannot index object with boolean"},
      {".[]", "1", "error: Cannot iterate over number (1)"},
      {".[]", "null", "error: Cannot iterate over null (null)"},
      {".[]", "\"a\"", "error: Cannot iterate over string (\"a\")"},
      {".[1:]", "1", "error: Cannot index number with object"},
      {".[\"a\":]", "[1]", "error: Start and end indices of an array slice must be numbers"},
      {".[0,1]|.a", "[{\"a\":1},2]", "1\nerror: Cannot index number with string \"a\""},
  });
}

TEST_CASE("expression: '?' forgives an error") {
  check({
      {".a?", "1", ""},
      {".a?", "{}", "null"},
      {".a.b?", R"({"a":1})", ""},
      {".a.b?", "1", "error: Cannot index number with string \"a\""},
      {".a?.b?", "1", ""},
      {".[]?", "1", ""},
      {".[]?", "[1,2]", "1\n2"},
      {".[0]?", "{}", ""},
      {".[1:]?", "5", ""},
      {"[.[] | .a?]", "[{\"a\":1},2,{\"a\":3}]", "[1,3]"},
      {"[.[] | (.a, .b)?]", "[{\"a\":1,\"b\":2},3]", "[1,2]"},
      {"[(.[] | tonumber)?]", "[\"1\",\"x\",\"3\"]", "[1]"},
      {"[.[] | tonumber?]", "[\"1\",\"x\",\"3\"]", "[1,3]"},
      {"(1, .a, 3)?", "0", "1"},
      {"(1 | ., .)? | .a", "null", "error: Cannot index number with string \"a\""},
      {"((1,2)? | .a)?", "null", ""},
      {"1 + (.a?)", "1", ""},
      {".a??", "1", ""},
      {"(.a)?", "1", ""},
  });
}

TEST_CASE("expression: literals, arrays and objects") {
  check({
      {"1", "null", "1"},
      {"1.50", "null", "1.5"},
      {".5", "null", "0.5"},
      {"1e3", "null", "1000"},
      {"9007199254740993", "null", "9007199254740993"},
      {"\"a\\n\\u00e9\\ud83d\\ude00\\\"\"", "null", "\"a\\né😀\\\"\""},
      {"null, true, false", "null", "null\ntrue\nfalse"},
      {"[]", "null", "[]"},
      {"{}", "null", "{}"},
      {"[1,2,[3]]", "null", "[1,2,[3]]"},
      {"[.[] | . * 2]", "[1,2]", "[2,4]"},
      {"[empty]", "null", "[]"},
      {"{a:1}", "null", R"({"a":1})"},
      {"{a:1,}", "null", R"({"a":1})"},
      {"{\"a b\":1}", "null", R"({"a b":1})"},
      {"{a}", R"({"a":5})", R"({"a":5})"},
      {"{\"a\"}", R"({"a":5})", R"({"a":5})"},
      {"{(\"a\",\"b\"):(1,2)}", "null", "{\"a\":1}\n{\"a\":2}\n{\"b\":1}\n{\"b\":2}"},
      {"{a:(1,2),b:(3,4)}", "null",
       "{\"a\":1,\"b\":3}\n{\"a\":1,\"b\":4}\n{\"a\":2,\"b\":3}\n{\"a\":2,\"b\":4}"},
      {"{a:.x,b:.y|length}", R"({"x":1,"y":[1,2]})", R"({"a":1,"b":2})"},
      {"{a:1 + 2, b: 3 > 2}", "null", R"({"a":3,"b":true})"},
      {"{a:1,a:2}", "null", R"({"a":2})"},
      {"{if:1,and:2}", "null", R"({"if":1,"and":2})"},
      {"{(.k):.v}", R"({"k":"x","v":1})", R"({"x":1})"},
      {"{a:empty}", "null", ""},
      {"1 as $x | {$x, y:$x}", "null", R"({"x":1,"y":1})"},
      {"{\"a\\(1)\":2}", "null", R"({"a1":2})"},
      {"{(1):2}", "null", "2+1: Object keys must be strings"},
  });
}

TEST_CASE("expression: arithmetic") {
  check({
      {"1 + 2", "null", "3"},
      {"1 - 2", "null", "-1"},
      {"2 * 3", "null", "6"},
      {"6 / 3", "null", "2"},
      {"7 / 2", "null", "3.5"},
      {"7 / -1", "null", "-7"},
      {"1 + 2 * 3", "null", "7"},
      {"(1 + 2) * 3", "null", "9"},
      {"10 - 3 - 2", "null", "5"},
      {"100 / 10 / 5", "null", "2"},
      {"-1", "null", "-1"},
      {"-(1,2)", "null", "-1\n-2"},
      {"-.a", R"({"a":3})", "-3"},
      {"1 - -2", "null", "3"},
      {"-2 + 5", "null", "3"},
      {"5 % 3", "null", "2"},
      {"-5 % 3", "null", "-2"},
      {"5 % -3", "null", "2"},
      {"5.9 % 2.1", "null", "1"},
      {"5 % -1", "null", "0"},
      {"(1,2) + (10,20)", "null", "11\n12\n21\n22"},
      {"null + 1", "null", "1"},
      {"{} + null", "null", "{}"},
      {"\"a\" + \"b\"", "null", "\"ab\""},
      {"[1] + [2]", "null", "[1,2]"},
      {"[] + [2]", "null", "[2]"},
      {". + .", "[1]", "[1,1]"},
      {"{a:1,b:2} + {b:3,c:4}", "null", R"({"a":1,"b":3,"c":4})"},
      {"[1,2,1,3] - [1,4]", "null", "[2,3]"},
      {"\"ab\" * 2", "null", "\"abab\""},
      {"\"ab\" * 0", "null", "null"},
      {"\"ab\" * 0.5", "null", "\"ab\""},
      {"3 * \"a\"", "null", "\"aaa\""},
      {"{a:{b:1,c:2}} * {a:{c:3,d:4},e:5}", "null", R"({"a":{"b":1,"c":3,"d":4},"e":5})"},
      {"{a:{b:1}} * {a:2}", "null", R"({"a":2})"},
      {"\"a, b\" / \", \"", "null", R"(["a","b"])"},
      {"\"aé\" / \"\"", "null", R"(["a","é"])"},
      {"\"\" / \",\"", "null", "[]"},
      {"9223372036854775807 + 1", "null", "9223372036854776000"},
      {"9007199254740993 + 0", "null", "9007199254740993"},
      {"1 / 3", "null", "0.3333333333333333"},
      {"0.1 + 0.2", "null", "0.30000000000000004"},
      {"1.5 * 2", "null", "3"},
      {"1e308 * 10", "null", "1.7976931348623157e+308"},
  });
}

TEST_CASE("expression: what cannot be calculated is an error with jq's words") {
  check({
      {"1 + \"a\"", "null", "error: number (1) and string (\"a\") cannot be added"},
      {"{} - 1", "null", "error: object ({}) and number (1) cannot be subtracted"},
      {"[] * 2", "null", "error: array ([]) and number (2) cannot be multiplied"},
      {"{} / 2", "null", "error: object ({}) and number (2) cannot be divided"},
      {"1 / 0", "null",
       "error: number (1) and number (0) cannot be divided because the divisor is zero"},
      {"1 % 0", "null",
       "error: number (1) and number (0) cannot be divided (remainder) because the divisor is "
       "zero"},
      {"5 % 0.5", "null",
       "error: number (5) and number (0.5) cannot be divided (remainder) because the divisor is "
       "zero"},
      {"\"a\" % 2", "null", "error: string (\"a\") and number (2) cannot be divided (remainder)"},
      {"-\"a\"", "null", "error: string (\"a\") cannot be negated"},
      {"1 + \"abcdefghijklmnopqrstuvwxyz\"", "null",
       "error: number (1) and string (\"abcdefghij...) cannot be added"},
      {"1 + \"aaaaaaaaaéaaaaaa\"", "null",
       "error: number (1) and string (\"aaaaaaaaa...) cannot be added"},
      {"\"a\" * 1e9", "null", "error: the expression builds more than 25165824 bytes"},
  });
}

TEST_CASE("expression: comparison") {
  check({
      {"1 == 1.0", "null", "true"},
      {"1 != 2", "null", "true"},
      {"[1,{}] == [1,{}]", "null", "true"},
      {"1 < 2, 2 < 2, 2 <= 2, 3 > 2, 2 >= 3", "null", "true\nfalse\ntrue\ntrue\nfalse"},
      {"null < false, false < true, true < 0, 0 < \"\", \"\" < [], [] < {}", "null",
       "true\ntrue\ntrue\ntrue\ntrue\ntrue"},
      {"\"abc\" < \"abd\"", "null", "true"},
      {"9007199254740993 == 9007199254740992", "null", "false"},
      {"(1,2) == (1,2)", "null", "true\nfalse\nfalse\ntrue"},
      {".a == null", "{}", "true"},
      {"1 + 1 == 2", "null", "true"},
  });
}

TEST_CASE("expression: and, or, not, //") {
  check({
      {"true and false", "null", "false"},
      {"1 and \"\"", "null", "true"},
      {"null or false", "null", "false"},
      {"null or 1", "null", "true"},
      {"false and (1 | .a)", "null", "false"},
      {"true or (1 | .a)", "null", "true"},
      {"(true, false) and (true, false)", "null", "true\nfalse\nfalse"},
      {"(true, false) or (true, false)", "null", "true\ntrue\nfalse"},
      {"false or true and false", "null", "false"},
      {"1 == 1 and 2 == 2", "null", "true"},
      {"not", "null", "true"},
      {"[.[] | not]", "[0,null,false,true]", "[false,true,true,false]"},
      {"null // 1", "null", "1"},
      {"false // null // 3", "null", "3"},
      {"0 // 1", "null", "0"},
      {".a // \"x\"", "{}", "\"x\""},
      {".a // \"x\"", R"({"a":"y"})", "\"y\""},
      {".a // .b", R"({"b":2})", "2"},
      {"(null, 1, false, 2) // 3", "null", "1\n2"},
      {"(null, false) // (3, 4)", "null", "3\n4"},
      {"empty // 1", "null", "1"},
      {"[.[] // 0]", "[null, 1]", "[1]"},
      {"1 // error_not_reached?", "null", "5+17: unknown function 'error_not_reached'"},
      {".a // 1", "1", "error: Cannot index number with string \"a\""},
      {".a?//\"x\"", "1", "\"x\""},
      {"[(1,null,2) // 3 | . + 1]", "null", "[2,3]"},
  });
}

TEST_CASE("expression: pipes, commas and bindings") {
  check({
      {"1 | 2", "null", "2"},
      {".a | .b", R"({"a":{"b":1}})", "1"},
      {"1, 2", "null", "1\n2"},
      {"1, 2 | . + 1", "null", "2\n3"},
      {"1 | ., . + 1 | [.]", "null", "[1]\n[2]"},
      {"empty", "null", ""},
      {"1, empty, 2", "null", "1\n2"},
      {"empty | 1", "null", ""},
      {". as $x | $x + 1", "1", "2"},
      {"(1,2) as $x | $x * 10", "null", "10\n20"},
      {"1 as $x | 2 as $y | [$x, $y, .]", "3", "[1,2,3]"},
      {"1 as $x | (2 as $x | $x), $x", "null", "2\n1"},
      {".a as $x | .b | . + $x", R"({"a":1,"b":2})", "3"},
      {"(1,2) as $x | (3,4) as $y | [$x,$y]", "null", "[1,3]\n[1,4]\n[2,3]\n[2,4]"},
      {"[.[] as $x | $x, $x]", "[1,2]", "[1,1,2,2]"},
      {". # a comment\n | .a # another", R"({"a":1})", "1"},
  });
}

TEST_CASE("expression: conditions") {
  check({
      {"if . then 1 else 2 end", "true", "1"},
      {"if . then 1 else 2 end", "null", "2"},
      {"if . then 1 end", "false", "false"},
      {"if . == 1 then \"a\" elif . == 2 then \"b\" else \"c\" end", "2", "\"b\""},
      {"if . == 1 then \"a\" elif . == 2 then \"b\" end", "3", "3"},
      {"if (true,false) then 1 else 2 end", "null", "1\n2"},
      {"if empty then 1 else 2 end", "null", ""},
      {"[if true then 1,2 else 3 end | . * 2]", "null", "[2,4]"},
  });
}

TEST_CASE("expression: strings with values put in") {
  check({
      {"\"a\\(1)b\"", "null", "\"a1b\""},
      {"\"\\(.a) and \\(.b)\"", R"({"a":"x","b":[1]})", "\"x and [1]\""},
      {"\"\\(1,2) \\(3,4)\"", "null", "\"1 3\"\n\"2 3\"\n\"1 4\"\n\"2 4\""},
      {"\"\\(\"in \\(1)\")\"", "null", "\"in 1\""},
      {"\"\\(\")\")\"", "null", "\")\""},
      {"\"\\(null)\\({a:1})\"", "null", R"("null{\"a\":1}")"},
      {"\"\\(empty)\"", "null", ""},
  });
}

TEST_CASE("expression: functions") {
  check({
      {"length", "null", "0"},
      {"length", "[1,2]", "2"},
      {"length", R"({"a":1})", "1"},
      {"length", "\"a€😀\"", "3"},
      {"length", "-5", "5"},
      {"length", "-1.5", "1.5"},
      {"length", "true", "error: boolean (true) has no length"},
      {"keys", R"({"b":1,"a":2})", R"(["a","b"])"},
      {"keys", "[5,6]", "[0,1]"},
      {"keys", "1", "error: number (1) has no keys"},
      {"has(\"a\")", R"({"a":null})", "true"},
      {"has(\"b\")", R"({"a":null})", "false"},
      {"has(0), has(1), has(-1)", "[5]", "true\nfalse\nfalse"},
      {"has(\"a\",\"b\")", R"({"a":1})", "true\nfalse"},
      {"has(0)", "{}", "error: Cannot check whether object has a number key"},
      {"has(\"a\")", "[]", "error: Cannot check whether array has a string key"},
      {"map(. + 1)", "[1,2]", "[2,3]"},
      {"map(.)", R"({"a":1,"b":2})", "[1,2]"},
      {"map(., .)", "[1,2]", "[1,1,2,2]"},
      {"map(empty)", "[1,2]", "[]"},
      {"map(map(. * 2))", "[[1],[2,3]]", "[[2],[4,6]]"},
      {"map(.)", "1", "error: Cannot iterate over number (1)"},
      {"map(select(. > 1))", "[1,2,3]", "[2,3]"},
      {"select(.a)", R"({"a":null})", ""},
      {"select(true, false, true)", "1", "1\n1"},
      {"tostring", "\"a\"", "\"a\""},
      {"tostring", "[1,\"a\"]", "\"[1,\\\"a\\\"]\""},
      {"tojson", "\"a\"", "\"\\\"a\\\"\""},
      {"tojson", "1.0", "\"1\""},
      {"fromjson", "\"{\\\"a\\\":[1]}\"", R"({"a":[1]})"},
      {"fromjson", "\"{a\"",
       "error: Invalid numeric literal at EOF at line 1, column 2 (while parsing '{a')"},
      {"fromjson", "1", "error: number (1) only strings can be parsed"},
      {"tonumber", "\"12\"", "12"},
      {"tonumber", "1.5", "1.5"},
      {"tonumber", "\"1x\"",
       "error: Invalid numeric literal at EOF at line 1, column 2 (while parsing '1x')"},
      {"tonumber", "[]", "error: array ([]) cannot be parsed as a number"},
      {"[.[] | type]", "[null,true,1,\"\",[],{}]",
       R"(["null","boolean","number","string","array","object"])"},
  });
}

TEST_CASE("expression: what does not compile says where and why") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "0+0: the expression is empty"},
      {"  ", "2+0: the expression is empty"},
      {"# only a comment", "16+0: the expression ends where an expression is expected"},
      {".a |", "4+0: the expression ends where an expression is expected"},
      {".a + * 2", "5+1: unexpected '*': expected an expression"},
      {".a .b .", "7+0: the expression ends where a key after '.' is expected"},
      {".a b", "3+1: unexpected 'b': expected an operator or the end"},
      {"(1", "2+0: the expression ends where ')' is expected"},
      {"[1", "2+0: the expression ends where ']' is expected"},
      {"{a:1", "4+0: the expression ends where ',' or '}' is expected"},
      {"{a:}", "3+1: unexpected '}': expected an expression"},
      {"{1:2}", "1+1: unexpected '1': expected a key or '}'"},
      {"{(1)}", "4+1: unexpected '}': expected ':'"},
      {".[1", "3+0: the expression ends where ']' is expected"},
      {".[:]", "3+1: unexpected ']': expected an expression"},
      {".[1:2", "5+0: the expression ends where ']' is expected"},
      {"if . then 1", "11+0: the expression ends where 'end' is expected"},
      {"if . 1", "5+1: unexpected '1': expected 'then'"},
      {"1 as x | x", "5+1: unexpected 'x': expected a variable ('$name'), '[' or '{'"},
      {"1 as $x", "7+0: the expression ends where '|' is expected"},
      {"map(1 2)", "6+1: unexpected '2': expected ';' or ')'"},
      {"1 == 2 == 3",
       "7+2: unexpected '==': expected another operator or ')': this one cannot be chained"},
      {"\"abc", "0+1: the string is not closed"},
      {"\"\\q\"", "1+2: this is no escape of a string"},
      {"\"a\\(1\"", "5+1: unexpected '\"': expected ')'"},
      {"'a'", "0+1: strings are written in double quotes"},
      {".a & 1", "3+1: unexpected character '&'"},
      {".é", "1+2: unexpected character 'é'"},
      {"reduce .[] as $x (0)", "19+1: unexpected ')': expected ';'"},
      {"lenght", "0+6: unknown function 'lenght' (did you mean 'length'?)"},
      {"map", "0+3: 'map' takes 1 argument, not 0"},
      {"length(1)", "0+6: 'length' takes no arguments, not 1"},
      {"$x", "0+2: $x is not defined"},
      {"1 as $name | $nme", "13+4: $nme is not defined (did you mean '$name'?)"},
      {"$a + frob + $b",
       "0+2: $a is not defined\n5+4: unknown function 'frob'\n12+2: $b is not defined"},
      {"(1 as $x | 2) + $x", "16+2: $x is not defined"},
  };
  for (const auto& [source, problems] : cases) {
    CAPTURE(source);
    CHECK(jq(source) == problems);
  }
}

TEST_CASE("expression: nesting of programs is bounded, long ones are not") {
  const auto repeated = [](std::string_view part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
  };
  CHECK(jq(repeated("(", 200) + "1" + repeated(")", 200)) == "1");
  CHECK(jq(repeated("[", 200) + repeated("]", 200)) == repeated("[", 200) + repeated("]", 200));
  for (const auto& deep :
       {repeated("(", 100'000), repeated("[", 100'000) + repeated("]", 100'000),
        repeated("-", 100'000), repeated("1 // ", 100'000), repeated("{a:", 100'000),
        repeated("1+", 100'000) + "1", "." + repeated("[0]", 100'000), "." + repeated("?", 100'000),
        repeated("if ", 100'000), repeated("\"\\(", 100'000), repeated(". as $x | ", 100'000)}) {
    CHECK(jq(deep).find("nests deeper than 256 levels") != std::string::npos);
  }
  CHECK(jq("[" + repeated("1,", 5000) + "1] | length") == "5001");
  CHECK(jq(repeated(". | ", 5000) + "1") == "1");
}

TEST_CASE("expression: variables of the caller") {
  const std::vector<std::string> names = {"a", "b"};
  const std::vector<Value> values = {Value::integer(1), Value::string("x")};
  const auto program = Program::compile("[$b, $a, .]", Mode::plain, names).value();
  Evaluation evaluation(program, Value(), {}, values);
  CHECK(drain(evaluation) == R"(["x",1,null])");
}

TEST_CASE("expression: roots of the context") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {".trigger.body.issue.title", "\"Bug\""},
      {"$trigger.body.issue.title", "\"Bug\""},
      {"$inputs", R"({"minimum":10,"name":"x","list":[1,20,3]})"},
      {".[\"inputs\"].name", "\"x\""},
      {".vars.\"a b\"", "1"},
      {".trigger.body.issue.labels[1].color", "\"red\""},
      {".inputs.list | map(select(. > $inputs.minimum))", "[20]"},
      {".steps.fetch.status == 200 and .inputs.minimum < 11", "true"},
      {"{id: .steps.fetch.body.id, title: .trigger.body.issue.title}", R"({"id":5,"title":"Bug"})"},
      {"\"#\\(.trigger.body.issue.number): \\(.trigger.body.issue.title)\"", "\"#7: Bug\""},
      {"[.trigger.body.issue.labels[].name]", R"(["a","b"])"},
      {". as $all | $all.inputs.name", "\"x\""},
      {". | .inputs.name", "\"x\""},
      {"keys", R"(["inputs","steps","trigger","vars"])"},
      {"has(\"inputs\")", "true"},
      {"[.[] | length]", "[2,3,2,1]"},
      {".inputs as $inputs | 1 as $x | $inputs.name", "\"x\""},
      {"if .inputs.minimum then .inputs.name else . end", "\"x\""},
      {"select(.inputs.minimum == 10) | .vars.\"a b\"", "1"},
      {"map(1)", "[1,1,1,1]"},
  };
  for (const auto& [source, outputs] : cases) {
    CAPTURE(source);
    CHECK(workflow(source) == outputs);
  }
}

TEST_CASE("expression: a path from the context that meets a missing key is an error") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {".trigger.body.issue.titel",
       "error: '.trigger.body.issue' has no key 'titel' (did you mean 'title'?)"},
      {"$trigger.body.isue.title",
       "error: '$trigger.body' has no key 'isue' (did you mean 'issue'?)"},
      {".steps.fetsh.body", "error: '.steps' has no key 'fetsh' (did you mean 'fetch'?)"},
      {".trigger.body.issue.milestone.title",
       "error: '.trigger.body.issue.milestone' is null, so it has no key 'title'"},
      {".steps.skipped.body.id", "error: '.steps.skipped.body' is null, so it has no key 'id'"},
      {".trigger.body.issue.labels[].color",
       "error: '.trigger.body.issue.labels[]' has no key 'color'"},
      {".inputs[\"nam\"]", "error: '.inputs' has no key 'nam' (did you mean 'name'?)"},
      {".inputs[.trigger.event]", "error: '.inputs' has no key 'issues.opened'"},
      {".inputs.list[7].x", "error: '.inputs.list' has no item 7: it has 3 items"},
      {".item", "error: '.item' is not available here"},
      {"$error.message", "error: '$error' is not available here"},
      {".inputs.name.x", "error: Cannot index string with string \"x\""},
  };
  for (const auto& [source, outputs] : cases) {
    CAPTURE(source);
    CHECK(workflow(source) == outputs);
  }
}

TEST_CASE("expression: where a missing key reads as null") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {".trigger.body.issue.titel?", "null"},
      {".trigger.nothing.at.all?", "null"},
      {".trigger.nothing?.at.all", "null"},
      {"(.trigger.nothing.at)?", "null"},
      {".trigger.body.issue.titel // \"x\"", "\"x\""},
      {".trigger.nothing.at.all // \"x\"", "\"x\""},
      {".inputs.list[7].x // 0", "0"},
      {"(.trigger.nothing | .x) // 1", "1"},
      {".trigger.body.issue.labels[].color // \"none\"", "\"red\""},
      {"[.trigger.body.issue.labels[].color?]", "[null,\"red\"]"},
      {".trigger.body | .nothing", "null"},
      {".inputs | .nothing.at.all", "null"},
      {".trigger.body.issue.labels | map(.color)", "[null,\"red\"]"},
      {".inputs.list[7]?", "null"},
      {".inputs.list | .[7]", "null"},
      {".item?", "null"},
      {".item // 1", "1"},
      {".inputs.name.x?", ""},
      {".inputs.name | .x?", ""},
      {".inputs as $i | $i.nothing", "null"},
      {".inputs[\"no\" + \"thing\"]?", "null"},
      {".nothing?", "1+7: the context has no '.nothing'"},
  };
  for (const auto& [source, outputs] : cases) {
    CAPTURE(source);
    CHECK(workflow(source) == outputs);
  }
}

TEST_CASE("expression: an unknown root of the context does not compile") {
  CHECK(workflow(".trigge.body") == "1+6: the context has no '.trigge' (did you mean '.trigger'?)");
  CHECK(workflow("$trigge.body") == "0+7: $trigge is not defined (did you mean '$trigger'?)");
  CHECK(workflow(".foo + .inputs.bar + .foo2") ==
        "1+3: the context has no '.foo'\n22+4: the context has no '.foo2'");
  CHECK(workflow("map(.foo)") == "[null,null,null,null]");
  CHECK(workflow(".[0]") == "error: Cannot index object with number");
}

TEST_CASE("expression: problems point into the program") {
  const auto context = example_context();
  const auto problem_of = [&](std::string_view source) {
    const auto program = Program::compile(source, Mode::workflow).value();
    return evaluate_single(program, context).error();
  };
  auto problem = problem_of("1 + .trigger.body.isue.title");
  CHECK(problem.offset == 18);
  CHECK(problem.length == 4);
  CHECK(problem.hint ==
        "'.a.b?' reads as null where there is no such key, '.a.b // \"x\"' as a default");
  problem = problem_of("[.inputs.name] | .[0] - 1");
  CHECK(problem.offset == 17);
  CHECK(problem.length == 8);
  problem = problem_of(".inputs.list[]");
  CHECK(problem.message == "the expression has several outputs");
  CHECK(problem.hint == "write '[…]' around it for an array of them");
  CHECK_FALSE(problem.is_spent_budget);
}

TEST_CASE("expression: a single output") {
  const auto context = example_context();
  const auto value_of = [&](std::string_view source) {
    return to_json(
        evaluate_single(Program::compile(source, Mode::workflow).value(), context).value());
  };
  CHECK(value_of(".inputs.name") == "\"x\"");
  CHECK(value_of("empty") == "null");
  CHECK(value_of(".inputs.name.x?") == "null");
  CHECK(value_of(".inputs.minimum + 1") == "11");
  const auto failing = Program::compile("1, .inputs.nothing", Mode::workflow).value();
  CHECK(evaluate_single(failing, context).error().message == "'.inputs' has no key 'nothing'");
}

TEST_CASE("expression: references tell what is read") {
  const auto references_of = [](std::string_view source) {
    std::string text;
    const auto program = Program::compile(source, Mode::workflow).value();
    for (const auto& reference : program.references()) {
      text += std::string(text.empty() ? "" : " ") + std::string(name_of(reference.root));
      for (const auto& key : reference.keys) text += "/" + key;
      text += "@" + std::to_string(reference.offset) + "+" + std::to_string(reference.length);
    }
    return text;
  };
  CHECK(references_of(".steps.fetch.body.id") == "steps/fetch/body/id@0+20");
  CHECK(references_of("1 + $inputs.a[0].b") == "inputs/a@4+14");
  CHECK(references_of(".steps[.inputs.x].y") == "steps@0+6 inputs/x@7+9");
  CHECK(references_of(".steps.a? // .steps.b") == "steps/a@0+8 steps/b@13+8");
  CHECK(references_of(".steps.a[].b | .steps.c") == "steps/a@0+8");
  CHECK(references_of("1").empty());
  CHECK(Program::compile("keys", Mode::workflow).value().references().size() == kRootCount);
  CHECK(Program::compile(".steps", Mode::plain).value().references().empty());
}

TEST_CASE("expression: budgets end an evaluation, and no attempt forgives that") {
  const std::string many =
      "[.[] as $a | .[] as $b | .[] as $c | .[] as $d | .[] as $e | 1] | length";
  std::string input = "[";
  for (int i = 0; i < 100; ++i) input += std::to_string(i) + ",";
  input.back() = ']';
  CHECK(jq(many, input) == "error: the expression takes more than 3000000 steps");
  CHECK(jq("(" + many + ")?", input) == "error: the expression takes more than 3000000 steps");
  CHECK(jq("1 + 1", "null", {.steps = 1}) == "error: the expression takes more than 1 steps");

  const Budget small{.bytes = 1000};
  CHECK(jq("[.[] | [., ., .]]", input, small) ==
        "error: the expression builds more than 1000 bytes");
  CHECK(jq("\"aaaaaaaaaa\" * 200", "null", small) ==
        "error: the expression builds more than 1000 bytes");
  CHECK(jq("\"\\(.)\\(.)\\(.)\\(.)\\(.)\"", input, small) ==
        "error: the expression builds more than 1000 bytes");
  CHECK(jq("tojson", input, small) == "error: the expression builds more than 1000 bytes");
  CHECK(jq(".", input, small) == "error: the expression builds more than 1000 bytes");

  std::string doubling = "[1]";
  for (int i = 0; i < 60; ++i) doubling += " | [., .]";
  CHECK(jq(doubling) == "error: the expression builds more than 25165824 bytes");
  CHECK(jq(doubling + " | tojson") == "error: the expression builds more than 25165824 bytes");
  CHECK(jq(doubling + " | . as $x | . == ($x | [.[]])") ==
        "error: the expression takes more than 3000000 steps");

  CHECK(jq("def f: 1 + f; f", "null", {.depth = 100}) ==
        "error: the expression calls itself more than 100 levels deep");
  CHECK(jq("def f: if . < 1000 then . + 1 | f else . end; f", "0", {.depth = 100}) == "1000");
  CHECK(jq("reduce range(10001) as $i (0; [.])") ==
        "error: the result nests deeper than 10000 levels");
  CHECK(jq("reduce range(10001) as $i (0; [.]) | tojson | length") == "20003");
}

TEST_CASE("expression: one program and one context, many threads") {
  const auto program =
      Program::compile(
          "[.inputs.list[] | . * 2] + [.trigger.body.issue.labels[] | {n: .name}] | length",
          Mode::workflow)
          .value();
  const auto context = example_context();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) {
        right += evaluate_single(program, context).value().as_integer() == 5 ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 8'000);
}

TEST_CASE("context: roots have names") {
  CHECK(name_of(Root::trigger) == "trigger");
  CHECK(root_named("error") == Root::error);
  CHECK_FALSE(root_named("secrets").has_value());
  Context context;
  CHECK(context.find(Root::item) == nullptr);
  context.set(Root::item, Value());
  CHECK(context.find(Root::item)->is_null());
  CHECK(to_json(context.as_value()) == R"({"item":null})");
}

}  // namespace
}  // namespace tba::tests
