#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/expression/functions.h"
#include "shared/expression/program.h"
#include "shared/value/json.h"

namespace tba::tests {
namespace {

using namespace tba::expression;

/// The only output of a program as JSON; a problem as "error: …", or "limit: …" for a spent budget.
std::string output_of(std::string_view source, const Value& input, const Budget& budget = {}) {
  const auto program = Program::compile(source, Mode::plain);
  if (!program) return "does not compile: " + program.error().front().message;
  Evaluation evaluation(*program, input, budget);
  const auto output = evaluation.next();
  if (!output) return "nothing";
  if (*output) return to_json(**output);
  return (output->error().is_spent_budget ? "limit: " : "error: ") + output->error().message;
}

struct Case {
  const char* source;
  const char* input;
  const char* output;
};

void check(const std::vector<Case>& cases) {
  for (const auto& [source, input, output] : cases) {
    INFO(source << " on " << input);
    CHECK(output_of(source, parse_json(input).value()) == output);
  }
}

/// What one of the functions gives that programs cannot call.
std::string called(std::string_view name, std::string_view input, std::string_view argument) {
  const auto position = find_function(name, 1);
  REQUIRE(position);
  Resources resources({}, Surroundings::standard());
  auto arguments = std::vector{parse_json(argument).value()};
  const auto outcome =
      functions()[*position].evaluate(parse_json(input).value(), arguments, resources);
  return outcome ? to_json(*outcome) : "error: " + outcome.error().message;
}

Value array_of(std::size_t count, const Value& item) {
  ArrayBuilder items(count);
  for (std::size_t i = 0; i < count; ++i) items.add(item);
  return std::move(items).build();
}

Value nested(std::size_t depth) {
  auto value = Value::array({});
  for (std::size_t i = 1; i < depth; ++i) value = Value::array({value});
  return value;
}

TEST_CASE("functions: all are found by name and arity, and are sorted") {
  const auto all = functions();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    INFO(all[i].name);
    CHECK(find_function(all[i].name, all[i].arity) == i);
    CHECK(all[i].arity <= kMaxArity);
  }
  CHECK(find_function("length", 1) == std::nullopt);
  CHECK(find_function("", 0) == std::nullopt);
  CHECK(find_function("zzz", 0) == std::nullopt);
}

// --- operators

TEST_CASE("operators: numbers keep to jq's rules at their edges") {
  check({
      {".[0] * .[1]", "[0, -1]", "-0"},
      {".[0] / .[1]", "[0, -5]", "-0"},
      {".[0] / .[1]", "[9223372036854775807, 7]", "1317624576693539401"},
      {".[0] / .[1]", "[-9223372036854775808, -1]", "9223372036854776000"},
      {".[0] / .[1]", "[1, 0]",
       "error: number (1) and number (0) cannot be divided because the divisor is zero"},
      {"-.", "0", "-0"},
      {"-.", "-9223372036854775808", "9223372036854776000"},
      {"-.", "[]", "error: array ([]) cannot be negated"},
      {".[0] % .[1]", "[5, -2]", "1"},
      {".[0] % .[1]", "[-5, 2]", "-1"},
      {".[0] % .[1]", "[5.9, 2.9]", "1"},
      {".[0] % .[1]", "[5, 1e300]", "5"},
      {".[0] % .[1]", "[-9223372036854775808, -1]", "0"},
      {".[0] % .[1]", "[5, 0.5]",
       "error: number (5) and number (0.5) cannot be divided (remainder) because the divisor is "
       "zero"},
      {".[0] % .[1]", "[5, {}]", "error: number (5) and object ({}) cannot be divided (remainder)"},
  });
}

TEST_CASE("operators: texts are repeated and split") {
  check({
      {".[0] * .[1]", R"(["ab", 3])", R"("ababab")"},
      {".[0] * .[1]", R"([2, "ab"])", R"("abab")"},
      {".[0] * .[1]", R"(["ab", 0.5])", R"("ab")"},
      {".[0] * .[1]", R"(["ab", 2.7])", R"("abab")"},
      {".[0] * .[1]", R"(["ab", 0])", "null"},
      {".[0] * .[1]", R"(["ab", -1])", "null"},
      {".[0] * .[1]", R"(["", 1e300])", "\"\""},
      {".[0] * .[1]", R"(["ab", 1e10])", "limit: the expression builds more than 25165824 bytes"},
      {".[0] * .[1]", R"(["ab", 1e300])", "limit: the expression builds more than 25165824 bytes"},
      {".[0] / .[1]", R"(["a,b", ","])", R"(["a","b"])"},
      {".[0] / .[1]", R"([",a,", ","])", R"(["","a",""])"},
      {".[0] / .[1]", R"(["a, b", ", "])", R"(["a","b"])"},
      {".[0] / .[1]", R"(["aé", ""])", R"(["a","é"])"},
      {".[0] / .[1]", R"(["", ","])", "[]"},
      {".[0] / .[1]", R"(["", ""])", "[]"},
  });
  CHECK(output_of(R"(. / "")", Value::string(std::string(4'000'000, 'x'))) ==
        "limit: the expression builds more than 25165824 bytes");
}

TEST_CASE("operators: arrays and objects are taken from and merged") {
  check({
      {".[0] - .[1]", "[[1, 2, 1, [3], {\"a\": 1}], [1, [3], {\"a\": 1.0}]]", "[2]"},
      {".[0] - .[1]", "[[1, 2], []]", "[1,2]"},
      {".[0] - .[1]", "[[], 1]", "error: array ([]) and number (1) cannot be subtracted"},
      {".[0] * .[1]", R"([{"a": {"b": 1, "c": {"d": 2}}}, {"a": {"c": {"e": 3}, "b": 4}, "f": 5}])",
       R"({"a":{"b":4,"c":{"d":2,"e":3}},"f":5})"},
      {".[0] * .[1]", R"([{"a": {"b": 1}}, {"a": 2}])", R"({"a":2})"},
      {".[0] * .[1]", R"([{"a": 1}, {"a": {"b": 2}}])", R"({"a":{"b":2}})"},
      {". as $x | . * {\"a\": {\"b\": 2}} | [., $x]", R"({"a": {"b": 1}})",
       R"([{"a":{"b":2}},{"a":{"b":1}}])"},
      {".[0] * .[1]", "[{}, []]", "error: object ({}) and array ([]) cannot be multiplied"},
  });
}

// --- paths

TEST_CASE("functions: getpath") {
  check({
      {R"(getpath(["a", 1, "b"]))", R"({"a": [0, {"b": 5}]})", "5"},
      {"getpath([])", "[1]", "[1]"},
      {R"(getpath(["a", "b"]))", "null", "null"},
      {R"(getpath([{"start": 1, "end": null}]))", "[1, 2, 3]", "[2,3]"},
      {R"(getpath([{"start": 1, "end": 2}]))", R"("aéb")", R"("é")"},
      {"getpath([1.9])", "[1, 2, 3]", "2"},
      {"getpath([-1.5])", "[1, 2, 3]", "3"},
      {"getpath([-4])", "[1, 2, 3]", "null"},
      {"getpath([[2, 1]])", "[1, 2, 1, 2, 1]", "[1,3]"},
      {"getpath([[1, 1]])", "[1, 1, 1, 2, 1, 1]", "[0,1,4]"},
      {"getpath([[1, 2, 1, 3]])", "[1, 2, 1, 2, 1, 3]", "[2]"},
      {"getpath([[]])", "[1]", "[]"},
      {R"(getpath(["a", "b"]))", R"({"a": 1})", R"(error: Cannot index number with string "b")"},
      {"getpath([1])", "{}", "error: Cannot index object with number"},
      {"getpath([true])", "null", "error: Cannot index null with boolean"},
      {R"(getpath([{"start": 1}]))", "[1]",
       "error: Start and end indices of an array slice must be numbers"},
      {R"(getpath([{"start": "a", "end": 1}]))", R"("ab")",
       "error: Start and end indices of an string slice must be numbers"},
      {R"(getpath("a"))", "{}", "error: Path must be specified as an array"},
  });
}

TEST_CASE("functions: setpath") {
  check({
      {R"(setpath(["a", 1, "b"]; 5))", "null", R"({"a":[null,{"b":5}]})"},
      {R"(setpath(["a", "b"]; 5))", R"({"a": {"c": 1}})", R"({"a":{"c":1,"b":5}})"},
      {"setpath([]; 5)", "[1]", "5"},
      {"setpath([-1]; 5)", "[1, 2]", "[1,5]"},
      {"setpath([1.7]; 5)", "[1, 2]", "[1,5]"},
      {R"(setpath([{"start": 1, "end": 3}]; [9]))", "[1, 2, 3, 4]", "[1,9,4]"},
      {R"(setpath([{"start": -1, "end": null}, 1]; 9))", "[1, 2]", "[1,2,9]"},
      {R"(setpath([{"start": 2, "end": 4}]; [5]))", "null", "[5]"},
      {R"(. as $x | setpath(["a", 0]; 5) | [., $x])", R"({"a": [1]})", R"([{"a":[5]},{"a":[1]}])"},
      {"setpath([-5]; 9)", "[1]", "error: Out of bounds negative array index"},
      {"setpath([1e18]; 9)", "[1]", "error: Array index too large"},
      {"setpath([100000000]; 9)", "[1]", "limit: the expression builds more than 25165824 bytes"},
      {R"(setpath([{"start": 0, "end": 1}]; 9))", "[1]",
       "error: A slice of an array can only be assigned another array"},
      {R"(setpath([{"start": {}, "end": 1}]; [9]))", "null",
       "error: Start and end indices of an array slice must be numbers"},
      {R"(setpath([{"start": 0, "end": 1}]; "x"))", R"("abc")",
       "error: Cannot update field at object index of string"},
      {"setpath([[1]]; 9)", "[1]", "error: Cannot update field at array index of array"},
      {"setpath([null]; 9)", "null", "error: Cannot index null with null"},
      {R"(setpath(["a", "b"]; 9))", R"({"a": 1})", R"(error: Cannot index number with string "b")"},
      {R"(setpath("a"; 9))", "{}", "error: Path must be specified as an array"},
  });
}

TEST_CASE("functions: delpaths") {
  check({
      {"delpaths([])", "[1]", "[1]"},
      {"delpaths([[]])", "[1]", "null"},
      {"delpaths([[0], [-1]])", "[1, 2, 3]", "[2]"},
      {"delpaths([[0], [1], [0]])", "[1, 2, 3]", "[3]"},
      {R"(delpaths([["a", 0], ["a", 2], ["b"]]))", R"({"a": [1, 2, 3], "b": 1, "c": 2})",
       R"({"a":[2],"c":2})"},
      {R"(delpaths([["a", "b"], ["a"]]))", R"({"a": {"b": 1}, "c": 2})", R"({"c":2})"},
      {R"(delpaths([["a", "b"]]))", R"({"a": null})", R"({"a":null})"},
      {R"(delpaths([["x", "b"]]))", R"({"a": 1})", R"({"a":1})"},
      {R"(delpaths([[{"start": 1, "end": 3}], [4]]))", "[1, 2, 3, 4, 5]", "[1,4]"},
      {R"(delpaths([[{"start": 0, "end": 3}], [{"start": 2, "end": 4}]]))", "[1, 2, 3, 4, 5]",
       "[5]"},
      {R"(delpaths([[{"start": 1, "end": 3}, 0]]))", "[1, 2, 3, 4]", "[1,3,4]"},
      {"delpaths([[1.5]])", "[1, 2, 3]", "[1,3]"},
      {"delpaths([[9], [-9]])", "[1, 2, 3]", "[1,2,3]"},
      {R"(delpaths([["a"], [1]]))", "null", "null"},
      {R"(. as $x | delpaths([["a", 0]]) | [., $x])", R"({"a": [1]})", R"([{"a":[]},{"a":[1]}])"},
      {"delpaths(1)", "[1]", "error: Paths must be specified as an array"},
      {"delpaths([1])", "[1]", "error: Path must be specified as array, not number"},
      {R"(delpaths([["a"]]))", "[1]", "error: Cannot delete string element of array"},
      {R"(delpaths([[{"start": "a", "end": 1}]]))", "[1]",
       "error: Start and end indices of an array slice must be numbers"},
      {"delpaths([[0]])", "{\"a\": 1}", "error: Cannot delete number field of object"},
      {R"(delpaths([["a", "b"]]))", R"({"a": 1})", "error: Cannot delete fields from number"},
      {R"(delpaths([["a", "b", "c"]]))", R"({"a": 1})",
       R"(error: Cannot index number with string "b")"},
  });
}

TEST_CASE("functions: paths go as deep as a value") {
  ArrayBuilder keys;
  for (int i = 0; i < 9'000; ++i) keys.add(Value::integer(0));
  const auto path = std::move(keys).build();
  CHECK(output_of("[setpath(.; 5) | getpath($p)] | length", path).starts_with("does not compile"));
  CHECK(output_of(". as $p | null | setpath($p; 5) | getpath($p)", path) == "5");
  CHECK(output_of(". as $p | null | setpath($p; 5) | delpaths([$p]) | flatten", path) == "[]");
}

// --- objects

TEST_CASE("functions: keys and has") {
  check({
      {"keys", R"({"b": 1, "é": 2, "a": 3})", R"(["a","b","é"])"},
      {"keys_unsorted", R"({"b": 1, "a": 3})", R"(["b","a"])"},
      {"keys_unsorted", "[5, 6]", "[0,1]"},
      {"keys_unsorted", "1", "error: number (1) has no keys"},
      {"[has(0), has(1), has(-1), has(-0.5), has(0.5)]", "[1]", "[true,false,false,true,true]"},
      {R"([has("a"), has("b")])", R"({"a": null})", "[true,false]"},
      {R"([has("a"), has(0)])", "null", "[false,false]"},
      {R"(has("a"))", "[]", "error: Cannot check whether array has a string key"},
      {"has(0)", "{}", "error: Cannot check whether object has a number key"},
  });
}

TEST_CASE("functions: entries") {
  check({
      {"to_entries", R"({"a": 1, "b": [2]})", R"([{"key":"a","value":1},{"key":"b","value":[2]}])"},
      {"to_entries", "[5]", R"([{"key":0,"value":5}])"},
      {"to_entries", "null", "error: null (null) has no keys"},
      {"from_entries",
       R"([{"key": "a", "value": 1}, {"k": "b", "v": 2}, {"name": "c", "value": 3},
           {"Name": "d", "Value": 4}, {"K": "e", "value": 5}, {"Key": "f", "value": 6}])",
       R"({"a":1,"b":2,"c":3,"d":4,"e":5,"f":6})"},
      {"from_entries", R"([{"key": 1, "value": 2}])", "error: Cannot use number (1) as object key"},
      {"from_entries", R"([{"key": "a", "value": 1}, {"key": "a", "value": 2}])", R"({"a":2})"},
      {"from_entries", R"({"x": {"key": "a", "value": 1}})", R"({"a":1})"},
      {"from_entries", "[]", "{}"},
      {"from_entries", "[1]", R"(error: Cannot index number with string "key")"},
      {"from_entries", "[null]", "error: Cannot use null (null) as object key"},
      {"from_entries", "1", "error: Cannot iterate over number (1)"},
  });
}

TEST_CASE("functions: contains") {
  check({
      {R"(contains("bar"))", R"("foobar")", "true"},
      {R"(contains("b\u0000r"))", R"("foob\u0000r")", "true"},
      {R"(contains("b\u0000x"))", R"("foob\u0000r")", "false"},
      {R"(contains(["baz", "bar"]))", R"(["foobar", "foobaz", "blarp"])", "true"},
      {R"(contains(["bazzz"]))", R"(["foobar", "foobaz"])", "false"},
      {R"(contains({"foo": 12, "bar": [{"barp": 12}]}))",
       R"({"foo": 12, "bar": [1, 2, {"barp": 12, "blip": 13}]})", "true"},
      {R"(contains({"foo": 12, "bar": [{"barp": 15}]}))",
       R"({"foo": 12, "bar": [1, 2, {"barp": 12, "blip": 13}]})", "false"},
      {R"(contains({"x": null}))", R"({"foo": 12})", "false"},
      {"contains([[1], [2, 3]])", "[[4], [3, 2, 1]]", "true"},
      {"contains([[1, 4]])", "[[4], [3, 2, 1]]", "false"},
      {R"(contains(["a"]))", "[1]", "false"},
      {"contains([])", "[]", "true"},
      {"contains(null)", "null", "true"},
      {"contains(true)", "true", "true"},
      {"contains(false)", "true",
       "error: boolean (true) and boolean (false) cannot have their containment checked"},
      {R"(contains("a"))", "1",
       R"(error: number (1) and string ("a") cannot have their containment checked)"},
  });
  CHECK(output_of("contains(.)", nested(10'000)) == "true");
  const auto many = array_of(20'000, Value::integer(1));
  CHECK(output_of(". as $x | map(2) | contains($x)", many) == "false");
  CHECK(output_of(". as $x | map(2) | [.[], 1] | contains($x)", many) ==
        "limit: the expression takes more than 3000000 steps");
}

// --- arrays

TEST_CASE("functions: add and flatten") {
  check({
      {"add", "[1, 2, 3]", "6"},
      {"add", R"(["a", null, "b"])", R"("ab")"},
      {"add", "[[1], [], [2, 3]]", "[1,2,3]"},
      {"add", R"([{"a": 1}, {"b": 2, "a": 3}])", R"({"a":3,"b":2})"},
      {"add", R"({"a": 1, "b": 2})", "3"},
      {"add", "[]", "null"},
      {"add", R"(["a", 1])", R"(error: string ("a") and number (1) cannot be added)"},
      {"add", "null", "error: Cannot iterate over null (null)"},
      {"flatten", "[1, [2, [3, []], {\"a\": [4]}]]", R"([1,2,3,{"a":[4]}])"},
      {"flatten", R"({"a": [1], "b": [[2]]})", "[1,2]"},
      {"flatten(1)", "[1, [2, [3]]]", "[1,2,[3]]"},
      {"flatten(0)", "[1, [2]]", "[1,[2]]"},
      {"flatten(1.5)", "[[[[1]]]]", "[1]"},
      {"flatten(\"a\")", "[1]", "[1]"},
      {"flatten(\"a\")", "[[1]]", R"(error: string ("a") and number (1) cannot be subtracted)"},
      {"flatten(-1)", "[1]", "error: flatten depth must not be negative"},
      {"flatten(null)", "[1]", "error: flatten depth must not be negative"},
      {"flatten", "1", "error: Cannot iterate over number (1)"},
  });
  CHECK(output_of("flatten", nested(10'000)) == "[]");
  CHECK(output_of("add | length", array_of(100'000, Value::string("abc"))) == "300000");
}

TEST_CASE("functions: reverse, transpose and toarray") {
  check({
      {"reverse", "[1, 2, 3]", "[3,2,1]"},
      {"reverse", R"("aéb")", R"("béa")"},
      {"reverse", "\"\"", "\"\""},
      {"reverse", "null", "[]"},
      {"reverse", "{}", "[]"},
      {"reverse", "0", "[]"},
      {"reverse", "{\"a\": 1}", "error: Cannot index object with number"},
      {"reverse", "2", "error: Cannot index number with number"},
      {"reverse", "true", "error: boolean (true) has no length"},
      {"transpose", "[[1], [2, 3]]", "[[1,2],[null,3]]"},
      {"transpose", "[[1], null, [2, 3]]", "[[1,null,2],[null,null,3]]"},
      {"transpose", "[]", "[]"},
      {"transpose", "[1, [2]]", "error: Cannot index number with number"},
      {"transpose", "[true]", "error: boolean (true) has no length"},
      {"transpose", "null", "error: Cannot iterate over null (null)"},
      {"transpose", "{}", "error: Range bounds must be numeric"},
      {"transpose", "{\"a\": [1]}", "error: Cannot index object with number"},
      {"transpose", R"([[], "", 0, {}])", "[]"},
      {"toarray", "[1]", "[1]"},
      {"toarray", "null", "[null]"},
  });
  CHECK(output_of(". as $x | [.[], $x] | map([.[]?]) | transpose | length",
                  array_of(10'000, Value::integer(1))) ==
        "limit: the expression builds more than 25165824 bytes");
}

TEST_CASE("functions: indices, index and rindex") {
  check({
      {R"([indices(", "), index(", "), rindex(", ")])", R"("a, b, cd, e")", "[[1,4,8],1,8]"},
      {R"([indices("aba"), index("aba"), rindex("aba")])", R"("xababababax")", "[[1,3,5,7],1,7]"},
      {R"(indices("b"))", R"("éb€b")", "[1,3]"},
      {R"([indices(""), index(""), rindex("")])", R"("ab")", "[[],null,null]"},
      {R"(index("x"))", R"("ab")", "null"},
      {"[indices(1), index(1), rindex(1)]", "[0, 1, 2, 1]", "[[1,3],1,3]"},
      {"indices([1, 2])", "[0, 1, 2, 3, 1, 2]", "[1,4]"},
      {"indices([])", "[1]", "[]"},
      {"[indices(1), index(1), rindex(1)]", "null", "[null,null,null]"},
      {R"(indices("a"))", "{}", "null"},
      {R"(indices("a"))", "5", R"(error: Cannot index number with string "a")"},
      {"indices(1)", R"("a")", "error: Cannot index string with number"},
  });
  const auto same = array_of(100'000, Value::integer(1));
  CHECK(output_of(". as $x | [$x[], 2, $x[]] | indices([$x[], 3]) | length", same) == "0");
}

// --- order

TEST_CASE("functions: sort and unique") {
  check({
      {"sort", R"([[1], "b", {"a": 1}, 2, null, "a", true, 1.5, false, {}, []])",
       R"([null,false,true,1.5,2,"a","b",[],[1],{},{"a":1}])"},
      {"sort", "[3, -1, 2, 9223372036854775807, 9223372036854775806]",
       "[-1,2,3,9223372036854775806,9223372036854775807]"},
      {"sort", "[0.5, -1, 2, 1e300, 9007199254740993]", "[-1,0.5,2,9007199254740993,1e+300]"},
      {"sort", R"(["b", "", "abcdefghz", "abcdefghy", "abcdefgh", "a", "é"])",
       R"(["","a","abcdefgh","abcdefghy","abcdefghz","b","é"])"},
      {"sort", "[[2, 1], [1, 5], [1], [1, null]]", "[[1],[1,null],[1,5],[2,1]]"},
      {"sort", R"([{"b": 1, "a": 2}, {"a": 2, "c": 0}, {"a": 1, "b": 2}, {"a": 3}, {"b": 0}])",
       R"([{"a":3},{"a":1,"b":2},{"b":1,"a":2},{"a":2,"c":0},{"b":0}])"},
      {"sort", "[]", "[]"},
      {"sort", "5", "error: number (5) cannot be sorted, as it is not an array"},
      {"unique", "[1, 2, 1.0, \"a\", 2, \"a\"]", R"([1,2,"a"])"},
      {"unique", "null", "error: Cannot iterate over null (null)"},
  });
}

TEST_CASE("functions: sorting by keys keeps the order of equal ones") {
  CHECK(called("_sort_by", R"(["a", "b", "c", "d"])", "[[2], [1], [2], [1]]") ==
        R"(["b","d","a","c"])");
  CHECK(called("_sort_by", R"(["a", "b", "c"])", "[[1, 2], [1], [0, 3]]") == R"(["c","b","a"])");
  CHECK(called("_sort_by", R"(["a", "b", "c"])", R"([["y"], ["x"], ["y"]])") == R"(["b","a","c"])");
  CHECK(called("_sort_by", R"(["a", "b", "c"])", "[[0.5], [-1], [0.5]]") == R"(["b","a","c"])");
  CHECK(called("_sort_by", R"(["a", "b"])", R"([[{"x": 2}], [{"x": 1}]])") == R"(["b","a"])");
  CHECK(called("_group_by", "[1, 2, 3, 4]", "[[2], [1], [2], [1]]") == "[[2,4],[1,3]]");
  CHECK(called("_group_by", "[]", "[]") == "[]");
  CHECK(called("_unique_by", "[1, 2, 3, 4]", "[[2], [1], [2], [1]]") == "[2,1]");
  CHECK(called("_sort_by", R"({"a": 1})", "[[1]]") ==
        "error: object ({\"a\":1}) and array ([[1]]) cannot be sorted, as they are not both "
        "arrays");
  CHECK(called("_group_by", "[1]", "[]") ==
        "error: array ([1]) and array ([]) cannot be sorted, as they are not both arrays");
}

TEST_CASE("functions: the least and the greatest") {
  check({
      {"[min, max]", "[3, 1, 2]", "[1,3]"},
      {"[min, max]", "[]", "[null,null]"},
      {"min", "5", "error: number (5) and number (5) cannot be iterated over"},
      {"max", "{}", "error: object ({}) and object ({}) cannot be iterated over"},
  });
  CHECK(called("_min_by", R"(["a", "b", "c", "d"])", "[[2], [1], [1], [2]]") == R"("b")");
  CHECK(called("_max_by", R"(["a", "b", "c", "d"])", "[[2], [1], [1], [2]]") == R"("d")");
  CHECK(called("_max_by", "[]", "[]") == "null");
  CHECK(called("_min_by", "[1]", "[]") == "error: array ([1]) and array ([]) have wrong length");
  CHECK(called("_min_by", "{}", "[]") ==
        "error: object ({}) and array ([]) cannot be iterated over");
}

TEST_CASE("functions: bsearch") {
  check({
      {"[bsearch(0), bsearch(1), bsearch(2.5), bsearch(4)]", "[1, 2, 3]", "[-1,0,-3,-4]"},
      {"bsearch(0)", "[0, 0, 0, 0]", "1"},
      {"bsearch(1)", "[]", "-1"},
      {"bsearch(1)", "null", "-1"},
      {"bsearch(1)", R"("ab")", "error: Cannot index string with number"},
      {"bsearch(1)", "true", "error: boolean (true) has no length"},
  });
}

// --- texts and values

TEST_CASE("functions: fromjson reads what jq reads") {
  check({
      {"fromjson", R"("{\"a\":[1,2.5,\"x\"]}")", R"({"a":[1,2.5,"x"]})"},
      {"fromjson", R"("[nan, NaN, -nan]")", "[null,null,null]"},
      {"fromjson", R"("[infinity, -Infinity]")",
       "[1.7976931348623157e+308,-1.7976931348623157e+308]"},
      {"fromjson", R"("[01, .5, 1., +2, 1e400, -0]")", "[1,0.5,1,2,1.7976931348623157e+308,-0]"},
      {"fromjson", R"("{\"a\":.5,\"b\":[.5,{}]}")", R"({"a":0.5,"b":[0.5,{}]})"},
      {"fromjson", "1", "error: number (1) only strings can be parsed"},
  });
}

TEST_CASE("functions: fromjson says what is wrong in jq's words") {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"", "Expected JSON value"},
      {" ", "Expected JSON value"},
      {"abc", "Invalid numeric literal at EOF at line 1, column 3"},
      {"nul", "Invalid numeric literal at EOF at line 1, column 3"},
      {"nan1", "Invalid literal at EOF at line 1, column 4"},
      {"[tru]", "Invalid literal at line 1, column 5"},
      {"{'a': 1}", "Invalid string literal; expected \", but got ' at line 1, column 5"},
      {"1 2", "Unexpected extra JSON values"},
      {"1 a", "Invalid numeric literal at EOF at line 1, column 3"},
      {"1[", "Unfinished JSON term at EOF at line 1, column 2"},
      {"\"a\"\"b\"", "Unexpected extra JSON values"},
      {"[1", "Unfinished JSON term at EOF at line 1, column 2"},
      {"\"abc", "Unfinished string at EOF at line 1, column 4"},
      {"\"a\\", "Unfinished string at EOF at line 1, column 3"},
      {"\"a\\qc\"", "Invalid escape at line 1, column 6"},
      {"\"a\\u12\"", "Invalid \\uXXXX escape at line 1, column 7"},
      {"\"a\\u12xy\"", "Invalid characters in \\uXXXX escape at line 1, column 9"},
      {"\"a\nb\"",
       "Invalid string: control characters from U+0000 through U+001F must be escaped at line 2, "
       "column 2"},
      {"[\"é\", x]", "Invalid numeric literal at line 1, column 9"},
      {"]", "Unmatched ']' at line 1, column 1"},
      {"{]", "Unmatched ']' at line 1, column 2"},
      {"}", "Unmatched '}' at line 1, column 1"},
      {"[}", "Unmatched '}' at line 1, column 2"},
      {"{\"a\":}", "Unmatched '}' at line 1, column 6"},
      {"[1}", "Objects must consist of key:value pairs at line 1, column 3"},
      {"{1}", "Objects must consist of key:value pairs at line 1, column 3"},
      {"{\"a\",", "Objects must consist of key:value pairs at line 1, column 5"},
      {"{1:1}", "Object keys must be strings at line 1, column 3"},
      {"{:1}", "Expected string key before ':' at line 1, column 2"},
      {"1:2", "Expected string key before ':' at line 1, column 2"},
      {"[1:2]", "':' not as part of an object at line 1, column 3"},
      {"{\"a\":1:2}", "':' not as part of an object at line 1, column 7"},
      {",", "Expected value before ',' at line 1, column 1"},
      {"[1,,2]", "Expected value before ',' at line 1, column 4"},
      {"[1,]", "Expected another array element at line 1, column 4"},
      {"{\"a\":1,}", "Expected another key-value pair at line 1, column 8"},
      {"[1 2]", "Expected separator between values at line 1, column 5"},
      {"[1[2]]", "Expected separator between values at line 1, column 3"},
      {"[\n\n1 x]", "Invalid numeric literal at line 3, column 4"},
      {"1e", "Invalid numeric literal at EOF at line 1, column 2"},
      {"--1", "Invalid numeric literal at EOF at line 1, column 3"},
      {"1.5.5", "Invalid numeric literal at EOF at line 1, column 5"},
  };
  for (const auto& [text, fault] : cases) {
    INFO(text);
    CHECK(output_of("fromjson", Value::string(text)) ==
          "error: " + std::string(fault) + " (while parsing '" + std::string(text) + "')");
  }
  const std::string deep(10'001, '[');
  CHECK(output_of("fromjson", Value::string(deep))
            .starts_with("error: Exceeds depth limit for parsing at line 1, column 10001 (while"));
  CHECK(output_of("fromjson", Value::string("\xFF")) ==
        "error: Invalid numeric literal at EOF at line 1, column 3 (while parsing '\xEF\xBF\xBD')");
}

TEST_CASE("functions: tonumber, tostring and tojson") {
  check({
      {"tonumber", R"(" 12 ")", "12"},
      {"tonumber", R"("nan")", "null"},
      {"tonumber", "1.5", "1.5"},
      {"tonumber", R"("[1]")", R"(error: string ("[1]") cannot be parsed as a number)"},
      {"tonumber", R"("1x")",
       "error: Invalid numeric literal at EOF at line 1, column 2 (while parsing '1x')"},
      {"tonumber", "[1]", "error: array ([1]) cannot be parsed as a number"},
      {"map(tostring)", R"([1, "a", [1], null])", R"(["1","a","[1]","null"])"},
      {"map(tojson)", R"([1, "a", 1.0, 1e1000, 1e17, 1e-5, 0.1, 123456789012345678])",
       R"(["1","\"a\"","1","1.7976931348623157e+308","1e+17","1e-05","0.1","123456789012345678"])"},
  });
}

TEST_CASE("functions: those that say what this jq is") {
  check({
      {"[have_decnum, have_literal_numbers, input_line_number]", "null", "[true,true,0]"},
      {"map(type)", R"([null, true, 1, 1.5, "a", [], {}])",
       R"(["null","boolean","number","number","string","array","object"])"},
      {"map(length)", R"([null, -5, -1.5, "aé", [1], {"a": 1}])", "[0,5,1.5,2,1,1]"},
      {"length", "true", "error: boolean (true) has no length"},
      {"map(not)", "[null, false, 0]", "[true,true,false]"},
  });
}

TEST_CASE("functions: debug and stderr write lines for whoever listens") {
  std::vector<std::string> lines;
  Surroundings surroundings;
  surroundings.log = [&lines](std::string_view line) { lines.emplace_back(line); };
  const auto program = Program::compile("[.[] | debug | stderr]", Mode::plain).value();
  Evaluation evaluation(program, parse_json(R"(["a", [1]])").value(), {}, {}, surroundings);
  CHECK(to_json(evaluation.next()->value()) == R"(["a",[1]])");
  CHECK(lines == std::vector<std::string>{R"(["DEBUG:","a"])", "a", R"(["DEBUG:",[1]])", "[1]"});
}

// --- numbers

TEST_CASE("functions: mathematics") {
  check({
      {"map(floor, ceil, round, trunc, rint, nearbyint, fabs, abs)", "[9223372036854775807]",
       "[9223372036854775807,9223372036854775807,9223372036854775807,9223372036854775807,"
       "9223372036854775807,9223372036854775807,9223372036854775807,9223372036854775807]"},
      {"map(floor)", "[1.5, -1.5, 1e300]", "[1,-2,1e+300]"},
      {"map(round)", "[2.5, -2.5]", "[3,-3]"},
      {"map(rint)", "[2.5, 3.5]", "[2,4]"},
      {"map(abs)", "[-5, -0, -1.5, -9223372036854775808]", "[5,0,1.5,9223372036854776000]"},
      {"[sqrt, cbrt, exp2, exp10, pow10, log2]", "64",
       "[8,4,18446744073709552000,9.999999999999999e+63,9.999999999999999e+63,6]"},
      {"map(pow(.; 2), pow(2; .))", "[10, 0.5]", "[100,1024,0.25,1.4142135623730951]"},
      {"[fma(2; 3; 4), fmin(1; 2), fmax(1; 2), fmod(5; 3), fdim(5; 3), hypot(3; 4)]", "null",
       "[10,1,2,2,2,5]"},
      {"[drem(10; 3), copysign(1; -2), ldexp(1; 2.7), scalb(1; 2), scalbln(1; 2.9)]", "null",
       "[1,-1,4,4,4]"},
      {"[atan2(0; -1), nextafter(1; 2), nexttoward(1; 0)]", "null",
       "[3.141592653589793,1.0000000000000002,0.9999999999999999]"},
      {"map(frexp)", "[0, 1, 8, -3.5]", "[[0,0],[0.5,1],[0.5,4],[-0.875,2]]"},
      {"[infinite, -infinite | frexp, modf]", "null",
       "[[1.7976931348623157e+308,0],[0,1.7976931348623157e+308],[-1.7976931348623157e+308,0],"
       "[-0,-1.7976931348623157e+308]]"},
      {"map(modf)", "[3.25, -3.5]", "[[0.25,3],[-0.5,-3]]"},
      {"map(lgamma_r)", "[1, -0.5]", "[[0,1],[1.2655121234846454,-1]]"},
      {"map(significand, logb)", "[10, -3, 0.1]", "[1.25,3,-1.5,1,1.6,-4]"},
      {"map(gamma, lgamma, tgamma)", "[5]", "[3.1780538303479458,3.1780538303479458,24]"},
      {"[j0, j1, jn(0; 0)]", "0", "[1,0,1]"},
      {"yn(0; 1) == (1 | y0)", "null", "true"},
      {"jn(2000000000; 1)", "null", "limit: the expression takes more than 3000000 steps"},
      {"floor", R"("a")", R"(error: string ("a") number required)"},
      {"pow(.; 1)", "[]", "error: array ([]) number required"},
      {"pow(1; .)", "null", "error: null (null) number required"},
      {"fma(1; 2; .)", "{}", "error: object ({}) number required"},
      {"jn(.; 1)", "{}", "error: object ({}) number required"},
      {"frexp", "true", "error: boolean (true) number required"},
      {"modf", "true", "error: boolean (true) number required"},
      {"lgamma_r", "true", "error: boolean (true) number required"},
      {"fabs", "null", "error: null (null) number required"},
      {"abs", "null", "error: null (null) has no absolute value"},
  });
}

TEST_CASE("functions: NaN and infinities are calculated with as jq does") {
  check({
      {"[nan < nan, nan == nan, nan != nan, nan > nan, nan <= nan, nan >= nan]", "null",
       "[true,false,true,false,true,false]"},
      {"[nan < 1, 1 < nan, nan > null, 1 > nan]", "null", "[true,false,true,true]"},
      {"[(nan, 1 | isnan), (infinite, -infinite, 1 | isinfinite), (0, 1, nan | isnormal)]", "null",
       "[true,false,true,true,false,false,true,false]"},
      {"[infinite, -infinite, nan]", "null",
       "[1.7976931348623157e+308,-1.7976931348623157e+308,null]"},
      {"[(infinite, -infinite) % (1, -1, infinite)]", "null", "[0,0,0,0,0,-1]"},
      {"[nan % 1, 1 % nan | isnan]", "null", "[true,true]"},
      {"[1, nan, null, nan, -5] | sort", "null", "[null,null,null,-5,1]"},
      {"[nan, nan] | unique", "null", "[null,null]"},
      {"[nan, 1] | [min, max]", "null", "[null,1]"},
      {"[1, nan] | [min, max]", "null", "[null,1]"},
      {"[nan, 1] - [nan]", "null", "[null,1]"},
      {"[nan] | sort | tojson", "null", R"("[null]")"},
      {R"("a" * nan)", "null", "null"},
      {"[.[nan], .[nan:1], .[1:nan]]", "[1, 2]", "[null,[1],[2]]"},
      {"has(nan)", "[1]", "false"},
      {"setpath([nan]; 9)", "[1]", "error: Cannot set array element at NaN index"},
      {"isnan", R"("a")", R"(error: string ("a") number required)"},
      {"isinfinite", "[]", "error: array ([]) number required"},
      {"isnormal", "null", "error: null (null) number required"},
  });
}

// --- dates

TEST_CASE("functions: seconds and broken-down time") {
  check({
      {"gmtime", "1425599621", "[2015,2,5,23,53,41,4,63]"},
      {"gmtime", "1425599621.5", "[2015,2,5,23,53,41.5,4,63]"},
      {"gmtime", "-1.5", "[1969,11,31,23,59,59.5,3,364]"},
      {"gmtime | mktime", "1425599621.5", "1425599621"},
      {"gmtime", "1e12", "[33658,8,27,1,46,40,5,269]"},
      {"gmtime", "1e18", "error: error converting number of seconds since epoch to datetime"},
      {"infinite | gmtime", "null",
       "error: error converting number of seconds since epoch to datetime"},
      {"gmtime", R"("a")", "error: gmtime() requires a number"},
      {"localtime", R"("a")", "error: localtime() requires a number"},
      {"localtime | length", "0", "8"},
      {"mktime", "[2015, 14, 35, 23, 51, 47.9, 4, 63]", "1459813907"},
      {"mktime", "[1969, 11, 31, 23, 59, 59, 3, 364]", "-1"},
      {"mktime", "[1e300, 0, 0, 0, 0, 0, 0, 0]", "31556889832694400"},
      {"mktime", R"("a")", "error: mktime requires array of 6 numbers"},
      {"mktime", "[2015]", "error: mktime requires parsed datetime inputs"},
      {"mktime", R"(["a", 1, 2, 3, 4, 5, 6, 7])", "error: mktime requires parsed datetime inputs"},
  });
}

TEST_CASE("functions: dates as text") {
  check({
      {R"(strftime("%A, %B %d, %Y %Z %j %z"))", "1425599621",
       R"("Thursday, March 05, 2015 UTC 064 +0000")"},
      {R"(strftime("%Y %a %j"))", "[2015, 2, 5, 23, 51, 47, 4, 63]", R"("2015 Thu 064")"},
      {R"(strftime("%a %b"))", "[2015, 20, 5, 23, 51, 47, 9, 63]", R"("? ?")"},
      {R"(strftime("%99999Y"))", "0", "error: strftime/1: unknown system failure"},
      {R"(strftime(""))", "0", "error: strftime/1: unknown system failure"},
      {"strftime(1)", "0", "error: strftime/1 requires a string format"},
      {R"(strftime("%Y"))", R"("a")", "error: strftime/1 requires parsed datetime inputs"},
      {R"(strftime("%Y"))", "[1]", "error: strftime/1 requires parsed datetime inputs"},
      {R"(strftime("%Y"))", "1e300",
       "error: error converting number of seconds since epoch to datetime"},
      {R"(strflocaltime("%Y"))", "1425599621", R"("2015")"},
      {R"(strflocaltime(1))", "0", "error: strflocaltime/1 requires a string format"},
      {R"(strflocaltime("%Y"))", "{}", "error: strflocaltime/1 requires parsed datetime inputs"},
      {R"(localtime | (strflocaltime("%s") | tonumber))", "1425599621", "1425599621"},
      {R"(strptime("%Y-%m-%dT%H:%M:%SZ"))", R"("2015-03-05T23:51:47Z")",
       "[2015,2,5,23,51,47,4,63]"},
      {R"(strptime("%Y-%m-%d"))", R"("2015-03-05 rest")", R"([2015,2,5,0,0,0,4,63," rest"])"},
      {R"(strptime("%Y %j"))", R"("2015 64")", "[2015,2,5,0,0,0,4,63]"},
      {R"(strptime("%H:%M"))", R"("10:20")", "[1900,0,0,10,20,0,8,367]"},
      {R"(strptime("%d"))", R"("1")", "[1900,0,1,0,0,0,1,0]"},
      {R"(strptime("%Y"))", R"("2015rest")",
       R"(error: date "2015rest" does not match format "%Y")"},
      {R"(strptime("%Y"))", "1", "error: strptime/1 requires string inputs and arguments"},
      {"strptime(1)", R"("a")", "error: strptime/1 requires string inputs and arguments"},
      {"[todate, date, todateiso8601]", "1425599621.5",
       R"(["2015-03-05T23:53:41Z","2015-03-05T23:53:41Z","2015-03-05T23:53:41Z"])"},
      {"todate", R"("x")", "error: strftime/1 requires parsed datetime inputs"},
      {"[fromdate, fromdateiso8601]", R"("2015-03-05T23:51:47Z")", "[1425599507,1425599507]"},
      {"fromdate", R"("x")", R"(error: date "x" does not match format "%Y-%m-%dT%H:%M:%SZ")"},
      {"fromdate", "1", "error: strptime/1 requires string inputs and arguments"},
      {R"([dateadd("seconds"; 10), datesub("seconds"; 10)])", "100", "[110,90]"},
  });
}

TEST_CASE("functions: now is what the clock says") {
  class FixedClock final : public Clock {
   public:
    Instant now() const override {
      return Instant(std::chrono::microseconds(1'425'599'621'500'000));
    }
  };
  const FixedClock clock;
  Surroundings surroundings;
  surroundings.clock = &clock;
  const auto program = Program::compile("[now, (now | todate)]", Mode::plain).value();
  Evaluation evaluation(program, Value(), {}, {}, surroundings);
  CHECK(to_json(evaluation.next()->value()) == R"([1425599621.5,"2015-03-05T23:53:41Z"])");
}

}  // namespace
}  // namespace tba::tests
