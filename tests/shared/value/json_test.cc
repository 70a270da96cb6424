#include "shared/value/json.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "shared/value/nlohmann.h"
#include "shared/value/utf8.h"

namespace tba::tests {
namespace {

/// The text after reading and writing it.
std::string round(std::string_view text) {
  const auto value = parse_json(text);
  return value ? to_json(*value) : "error: " + value.error().message;
}

TEST_CASE("json: what is read is written again") {
  for (const std::string text :
       {"null", "true", "false", "0", "-1", "1.5", "\"\"", "\"a b\"", "[]", "{}", "[1,[2,[3]],{}]",
        R"({"b":1,"a":{"c":[]},"":null})", "9223372036854775807", "-9223372036854775808",
        R"("\"\\\b\f\n\r\t\u0001\u007f/é😀")"}) {
    CHECK(round(text) == text);
  }
}

TEST_CASE("json: other spellings of the same value") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {" [ 1 ,\t2 ]\r\n", "[1,2]"},
      {"1.0", "1"},
      {"-0", "-0"},
      {"-0.0", "-0"},
      {"1e3", "1000"},
      {"1E+2", "100"},
      {"0.1e1", "1"},
      {"\"\\u00e9\\/\"", "\"é/\""},
      {"\"\\ud83d\\ude00\"", "\"😀\""},
      {"\"\\ud83d x\"", "\"\uFFFD x\""},
      {"\"\\ude00\"", "\"\uFFFD\""},
      {"\"\\ud83d\\u0041\"", "\"\uFFFDA\""},
      {"\"\\u0000\"", "\"\\u0000\""},
      {"\xEF\xBB\xBF{}", "{}"},
      {R"({"a":1,"b":2,"a":3})", R"({"a":3,"b":2})"},
  };
  for (const auto& [text, written] : cases) {
    CAPTURE(text);
    CHECK(round(text) == written);
  }
}

TEST_CASE("json: numbers of any size, those beyond 64 bits as the nearest double") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"9223372036854775808", "9223372036854776000"},
      {"18446744073709551615", "18446744073709552000"},
      {"100000000000000000000", "1e+20"},
      {"12345678901234567890123", "12345678901234568000000"},
      {"-100000000000000000000", "-1e+20"},
      {"1e400", "1.7976931348623157e+308"},
      {"-1e400", "-1.7976931348623157e+308"},
      {"1e-400", "0"},
      {"[1e999,2]", "[1.7976931348623157e+308,2]"},
      {"0.00012345", "0.00012345"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {"1.5e-5", "1.5e-05"},
      {"1e16", "1e+16"},
      {"1.5e16", "15000000000000000"},
      {"1e15", "1000000000000000"},
      {"1.2345e20", "1.2345e+20"},
      {"1.5e300", "1.5e+300"},
      {"-2.5e-9", "-2.5e-09"},
      {"1234567.125", "1234567.125"},
      {"3.14159265358979", "3.14159265358979"},
      {"0.1", "0.1"},
  };
  for (const auto& [text, written] : cases) {
    CAPTURE(text);
    CHECK(round(text) == written);
  }
}

TEST_CASE("json: what is no JSON is refused, and the message says where and why") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1, column 1: the text is empty"},
      {"  ", "line 1, column 3: the text ends where a value is expected"},
      {"[1,2", "line 1, column 5: expected ',' or ']' here"},
      {"[1 2]", "line 1, column 4: expected ',' or ']' here"},
      {"[1,]", "line 1, column 4: expected a JSON value here"},
      {"[1,", "line 1, column 4: the text ends where a value is expected"},
      {"{\"a\" 1}", "line 1, column 6: expected ':' after the member's name"},
      {"{a: 1}", "line 1, column 2: expected a member's name in double quotes"},
      {"{\"a\":1,}", "line 1, column 8: expected a member's name in double quotes"},
      {"{\"a\":1 \"b\":2}", "line 1, column 8: expected ',' or '}' here"},
      {"{\n  \"é\": tru\n}", "line 2, column 8: expected a JSON value here"},
      {"nul", "line 1, column 1: expected a JSON value here"},
      {"'a'", "line 1, column 1: expected a JSON value here"},
      {"NaN", "line 1, column 1: expected a JSON value here"},
      {"01", "line 1, column 1: this is no JSON number"},
      {"-", "line 1, column 1: this is no JSON number"},
      {"1.", "line 1, column 3: expected a digit after the decimal point"},
      {"1e", "line 1, column 3: expected a digit in the exponent"},
      {"1 2", "line 1, column 3: unexpected text after the JSON value"},
      {"{} x", "line 1, column 4: unexpected text after the JSON value"},
      {"nulll", "line 1, column 5: unexpected text after the JSON value"},
      {"\"abc", "line 1, column 1: the string is not closed"},
      {"\"a\\", "line 1, column 3: this is no JSON escape"},
      {"\"a\\x\"", "line 1, column 3: this is no JSON escape"},
      {"\"\\u12g4\"", "line 1, column 2: this is no JSON escape"},
      {"\"\\u12", "line 1, column 2: this is no JSON escape"},
      {"\"a\nb\"", "line 1, column 3: a control character in a string must be escaped"},
      {"[\"é\xFF\"]", "line 1, column 4: the text is not valid UTF-8"},
      {"\"\xED\xA0\x80\"", "line 1, column 2: the text is not valid UTF-8"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    const auto value = parse_json(text);
    REQUIRE_FALSE(value.has_value());
    CHECK(value.error().message == message);
    CHECK(value.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("json: nesting and size are bounded") {
  const auto brackets = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(parse_json(brackets(10'000)).has_value());
  const auto too_deep = parse_json(brackets(10'001));
  REQUIRE_FALSE(too_deep.has_value());
  CHECK(too_deep.error().code == ErrorCode::limit_exceeded);
  CHECK(too_deep.error().message == "line 1, column 10001: nested deeper than 10000 levels");

  CHECK(parse_json("[[1]]", {.depth = 2}).has_value());
  CHECK(parse_json("[[1]]", {.depth = 1}).error().message ==
        "line 1, column 2: nested deeper than 1 levels");
  CHECK(parse_json(std::string(100'000, '[')).error().code == ErrorCode::limit_exceeded);

  const auto too_long = parse_json("[1,2,3]", {.bytes = 6});
  REQUIRE_FALSE(too_long.has_value());
  CHECK(too_long.error().code == ErrorCode::limit_exceeded);
  CHECK(too_long.error().message == "the JSON text has 7 bytes; at most 6 are read");
}

TEST_CASE("json: a text beyond what a thread's parser keeps") {
  std::string text = "[";
  for (int i = 0; i < 300'000; ++i) text += "\"abcdef\",";
  text.back() = ']';
  CHECK(parse_json(text).value().size() == 300'000);
  CHECK(round("[1]") == "[1]");
}

TEST_CASE("json: text is indented by blanks or tabs, and names are sorted where asked for") {
  const auto value = parse_json(R"({"b":[1],"é":{"z":1,"y":2},"a":{}})").value();
  CHECK(to_json(value, {.indent = 1, .tabs = true, .sort_names = true}) ==
        "{\n\t\"a\": {},\n\t\"b\": [\n\t\t1\n\t],\n\t\"é\": {\n\t\t\"y\": 2,\n\t\t\"z\": "
        "1\n\t}\n}");
  CHECK(to_json(value, {.indent = 3}) ==
        "{\n   \"b\": [\n      1\n   ],\n   \"é\": {\n      \"z\": 1,\n      \"y\": 2\n   },\n   "
        "\"a\": {}\n}");
  CHECK(to_json(value, {.sort_names = true}) == R"({"a":{},"b":[1],"é":{"y":2,"z":1}})");
}

TEST_CASE("json: pretty text is as jq prints it") {
  CHECK(to_json(parse_json(R"({"a":[],"b":{},"c":[1,{"x":null}]})").value(), JsonStyle::pretty) ==
        R"({
  "a": [],
  "b": {},
  "c": [
    1,
    {
      "x": null
    }
  ]
})");
}

TEST_CASE("json: text that is not UTF-8 is repaired when written") {
  CHECK(to_json(Value::string("a\xFF\"b\xC3")) == "\"a\uFFFD\\\"b\uFFFD\"");
  CHECK(to_json(Value::string("\x80")) == "\"\uFFFD\"");
}

TEST_CASE("json: append_json() leaves what is there") {
  std::string out = "x=";
  append_json(out, Value::integer(1));
  CHECK(out == "x=1");
}

TEST_CASE("nlohmann: values go there and back") {
  const auto value =
      parse_json(R"({"a":[1,-2,1.5,"x",null,true,[],{}],"b":{"c":[[[1]],{"d":[2]}]},"z":{}})")
          .value();
  CHECK(from_nlohmann(to_nlohmann(value)) == value);
  CHECK(to_nlohmann(value).dump() == to_json(value));
  CHECK(from_nlohmann(nlohmann::json(18446744073709551615U)) ==
        Value::number(18446744073709551615.0));
  CHECK(from_nlohmann(nlohmann::json(42U)).is_integer());
  CHECK(from_nlohmann(nlohmann::json::binary({1, 2})).is_null());
}

TEST_CASE("utf8: well-formed sequences and nothing else") {
  CHECK(find_invalid_utf8("aé€😀") == std::string_view::npos);
  const std::vector<std::pair<std::string, std::size_t>> broken = {
      {"\x80", 0},
      {"a\xC0\x80", 1},
      {"\xC1\xBF", 0},
      {"é\xE0\x80\x80", 2},
      {"\xED\xBF\xBF", 0},
      {"\xF0\x80\x80\x80", 0},
      {"\xF4\x90\x80\x80", 0},
      {"\xF5\x80\x80\x80", 0},
      {"ab\xE2\x82", 2},
      {"\xC3(", 0},
  };
  for (const auto& [text, offset] : broken) CHECK(find_invalid_utf8(text) == offset);
  CHECK(count_code_points("aé€😀\xFF") == 5);
  CHECK(repair_utf8("a\xFF€") == "a\uFFFD€");
  std::string out;
  for (const char32_t c : {U'a', U'é', U'€', U'😀', char32_t{0xD800}, char32_t{0x110000}})
    append_utf8(out, c);
  CHECK(out == "aé€😀\uFFFD\uFFFD");
}

}  // namespace
}  // namespace tba::tests

TEST_CASE("utf8: a text is shortened without half a character at its end") {
  CHECK(tba::shortened("abc", 3) == "abc");
  CHECK(tba::shortened("abcd", 3) == "abc");
  CHECK(tba::shortened("aäb", 2) == "a");
  CHECK(tba::shortened("aäb", 3) == "aä");
  CHECK(tba::shortened("a🦊b", 4) == "a");
  // What is no UTF-8 anyway does not take away what stands behind it.
  CHECK(tba::shortened("\xff" + std::string(10, 'x'), 8) == "\xff" + std::string(7, 'x'));
}
