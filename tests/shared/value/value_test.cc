#include "shared/value/value.h"

#include <compare>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/value/json.h"

namespace tba::tests {
namespace {

Value json(std::string_view text) {
  return parse_json(text).value();
}

/// [[[…]]] of that depth.
Value nested(std::size_t depth) {
  auto value = Value::array({});
  for (std::size_t i = 1; i < depth; ++i) value = Value::array({std::move(value)});
  return value;
}

TEST_CASE("value: each kind gives back what it was made of") {
  CHECK(Value().is_null());
  CHECK(Value::boolean(true).as_boolean());
  CHECK_FALSE(Value::boolean(false).as_boolean());
  CHECK(Value::integer(-7).as_integer() == -7);
  CHECK(Value::number(1.5).as_number() == 1.5);
  CHECK(Value::string("héllo").as_string() == "héllo");
  CHECK(Value::string("").as_string().empty());
  CHECK(Value::string(std::string_view("a\0b", 3)).as_string().size() == 3);
  CHECK(Value::array({Value::integer(1), Value()}).items().size() == 2);
  CHECK(Value::array({}).is_array());
  CHECK(Value::object({}).is_object());
  CHECK(Value::object({{"a", Value::integer(1)}}).find("a")->as_integer() == 1);
  CHECK(sizeof(Value) == 16);
}

TEST_CASE("value: every number has one form") {
  CHECK(Value::number(3.0).is_integer());
  CHECK(Value::number(-9007199254740992.0).is_integer());
  CHECK_FALSE(Value::number(9007199254740994.0).is_integer());
  CHECK_FALSE(Value::number(-0.0).is_integer());
  CHECK(Value::integer(5).is_number());
  CHECK(Value::integer(5).as_number() == 5.0);
}

TEST_CASE("value: NaN and the infinities are calculated with, but are no JSON") {
  const auto nan = Value::number(std::numeric_limits<double>::quiet_NaN());
  const auto infinity = Value::number(std::numeric_limits<double>::infinity());
  const auto lowest = Value::number(-std::numeric_limits<double>::infinity());
  CHECK(to_json(Value::array({nan, infinity, lowest})) ==
        "[null,1.7976931348623157e+308,-1.7976931348623157e+308]");
  CHECK_FALSE(nan == nan);
  CHECK_FALSE(Value::array({nan}) == Value::array({nan}));
  CHECK(std::is_eq(Value::compare(nan, nan)));
  CHECK(std::is_lt(Value::compare(nan, lowest)));
  CHECK(std::is_gt(Value::compare(Value::integer(0), nan)));
  CHECK(std::is_lt(Value::compare(Value(), nan)));
  CHECK(infinity == infinity);
}

TEST_CASE("value: text and parts change in place only where nobody else sees it") {
  auto text = Value::string("ab");
  const auto held = text;
  text = std::move(text).with_text("cd");
  CHECK(held.as_string() == "ab");
  text = std::move(text).with_text("e");
  const auto* place = text.as_string().data();
  text = std::move(text).with_text("f");
  CHECK(text.as_string() == "abcdef");
  CHECK(text.as_string().data() == place);
  CHECK(Value::string("").with_text("").as_string().empty());

  auto array = Value::array({Value::string("a"), Value::array({})});
  const auto shared = array;
  auto taken = array.take_item(1);
  CHECK(to_json(array) == R"(["a",null])");
  array = std::move(array).with_item_at(1, std::move(taken).with_item(Value::integer(1)));
  CHECK(to_json(array) == R"(["a",[1]])");
  CHECK(to_json(shared) == R"(["a",[]])");
  CHECK(array.bytes() ==
        Value::array({Value::string("a"), Value::array({Value::integer(1)})}).bytes());

  auto object = Value::object({{"k", Value::string("x")}, {"l", Value()}});
  const auto other = object;
  auto member = object.take_member("k");
  CHECK(member.as_string() == "x");
  CHECK(to_json(object) == R"({"k":null,"l":null})");
  CHECK(to_json(other) == R"({"k":"x","l":null})");
}

TEST_CASE("value: what lives is counted") {
  const auto before = allocated_value_bytes();
  {
    const auto text = Value::string(std::string(1000, 'x'));
    const Value copy = text;
    const auto array = Value::array({text, copy});
    CHECK(allocated_value_bytes() - before > 1000);
    CHECK(allocated_value_bytes() - before < 1200);
  }
  CHECK(allocated_value_bytes() == before);
}

TEST_CASE("value: only what a value is can be found in it") {
  for (const auto& value :
       {Value(), Value::boolean(true), Value::integer(1), Value::string("ab")}) {
    CHECK(value.items().empty());
    CHECK(value.members().empty());
    CHECK(value.find("a") == nullptr);
    CHECK(value.size() == 0);
  }
}

TEST_CASE("value: an object keeps the order of insertion, a repeated name its place") {
  const auto value =
      Value::object({{"b", Value::integer(1)}, {"a", Value::integer(2)}, {"b", Value::integer(3)}});
  CHECK(to_json(value) == R"({"b":3,"a":2})");
}

TEST_CASE("value: members of large and small objects are found") {
  for (const int count : {0, 1, 15, 16, 17, 18, 100, 5000}) {
    CAPTURE(count);
    ObjectBuilder builder;
    for (int i = 0; i < count; ++i) builder.put("name" + std::to_string(i), Value::integer(i));
    for (int i = 0; i < count; i += 3) builder.put("name" + std::to_string(i), Value::integer(-i));
    const auto value = std::move(builder).build();
    REQUIRE(value.size() == static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      const auto* found = value.find("name" + std::to_string(i));
      REQUIRE(found != nullptr);
      CHECK(found->as_integer() == (i % 3 == 0 ? -i : i));
      CHECK(value.members()[static_cast<std::size_t>(i)].name == "name" + std::to_string(i));
    }
    CHECK(value.find("name") == nullptr);
    CHECK(value.find("") == nullptr);
  }
}

TEST_CASE("value: an object with the empty name and names with zero bytes") {
  const std::string zero("a\0b", 3);
  const auto value = Value::object({{"", Value::integer(1)}, {zero, Value::integer(2)}});
  CHECK(value.find("")->as_integer() == 1);
  CHECK(value.find(zero)->as_integer() == 2);
  CHECK(value.find("a") == nullptr);
}

TEST_CASE("value: growing a value that others hold leaves theirs as it was") {
  auto array = Value::array({Value::integer(1)});
  const auto same_array = array;
  array = std::move(array).with_item(Value::integer(2));
  CHECK(to_json(same_array) == "[1]");
  CHECK(to_json(array) == "[1,2]");

  auto object = Value::object({{"a", Value::integer(1)}});
  const auto same_object = object;
  object = std::move(object).with_member("a", Value::integer(2));
  object = std::move(object).with_member("b", Value::integer(3));
  CHECK(to_json(same_object) == R"({"a":1})");
  CHECK(to_json(object) == R"({"a":2,"b":3})");
}

TEST_CASE("value: a value that nobody else holds grows in place") {
  auto array = Value::array({});
  for (int i = 0; i < 1000; ++i) array = std::move(array).with_item(Value::integer(i));
  const auto* items = array.items().data();
  array = std::move(array).with_item(Value::integer(1000));
  CHECK(array.items().data() == items);

  auto object = Value::object({{"a", Value::integer(1)}});
  const auto* members = object.members().data();
  object = std::move(object).with_member("a", Value::string("x"));
  CHECK(object.members().data() == members);
}

TEST_CASE("value: a member can be named by the object's own text") {
  auto object = Value::object({{"a", Value::integer(1)}, {"b", Value::integer(2)}});
  for (int i = 0; i < 20; ++i) {
    object = std::move(object).with_member(object.members()[0].name, Value::integer(i));
    object =
        std::move(object).with_member(std::string(object.members().back().name) + "x", Value());
  }
  CHECK(object.size() == 22);
  CHECK(object.find("a")->as_integer() == 19);
}

TEST_CASE("value: bytes and depth are known without walking") {
  CHECK(Value::integer(1).bytes() == sizeof(Value));
  CHECK(Value::string("abcd").bytes() > Value::string("abc").bytes());
  CHECK(Value::integer(1).depth() == 0);
  CHECK(Value::array({}).depth() == 1);
  CHECK(json(R"({"a":[{"b":[]}],"c":1})").depth() == 4);

  const auto part = Value::string(std::string(1000, 'x'));
  CHECK(Value::array({part, part}).bytes() > 2000);

  auto object = json(R"({"a":"long enough to be seen","b":1})");
  const auto before = object.bytes();
  object = std::move(object).with_member("a", Value());
  CHECK(object.bytes() == before - Value::string("long enough to be seen").bytes() + sizeof(Value));
  CHECK(object.bytes() == json(R"({"a":null,"b":1})").bytes());
}

TEST_CASE("value: the size of a value that shares its parts without end stops counting") {
  auto value = Value::string("x");
  for (int i = 0; i < 200; ++i) value = Value::array({value, value});
  CHECK(value.bytes() == std::uint64_t{1} << 62);
  value = Value::object({{"a", value}, {"b", value}});
  value = std::move(value).with_member("a", Value());
  value = std::move(value).with_member("b", Value());
  CHECK(value.bytes() == std::uint64_t{1} << 62);
}

TEST_CASE("value: 100,000 levels are copied, compared, printed and destroyed without recursion") {
  constexpr std::size_t kDepth = 100'000;
  const auto deep = nested(kDepth);
  const auto other = nested(kDepth);
  const Value copy = deep;
  CHECK(copy.depth() == kDepth);
  CHECK(deep == other);
  CHECK(std::is_eq(Value::compare(deep, other)));
  CHECK(std::is_lt(Value::compare(deep, nested(kDepth + 1))));
  CHECK_FALSE(deep == nested(kDepth + 1));
  const auto text = to_json(deep);
  CHECK(text == std::string(kDepth, '[') + std::string(kDepth, ']'));
  CHECK(to_json(json(R"({"a":1})"), JsonStyle::pretty) == "{\n  \"a\": 1\n}");
  CHECK(parse_json(text, {.depth = kDepth}).value() == deep);

  auto objects = Value();
  for (std::size_t i = 0; i < kDepth; ++i)
    objects = Value::object({{"a", std::move(objects)}, {"b", Value::array({})}});
  CHECK(objects.depth() == kDepth + 1);
}

TEST_CASE("value: equality") {
  CHECK(json("[1,2.5,\"a\",null,true]") == json("[1.0,2.5,\"a\",null,true]"));
  CHECK(json(R"({"a":1,"b":[2]})") == json(R"({"b":[2],"a":1})"));
  for (const auto& [left, right] :
       std::vector<std::pair<const char*, const char*>>{{"1", "2"},
                                                        {"1", "1.5"},
                                                        {"1", "\"1\""},
                                                        {"null", "false"},
                                                        {"[1]", "[1,2]"},
                                                        {"[1,[2]]", "[1,[3]]"},
                                                        {R"({"a":1})", R"({"b":1})"},
                                                        {R"({"a":1})", R"({"a":2})"},
                                                        {R"({"a":1})", R"({"a":1,"b":1})"},
                                                        {"9007199254740993", "9007199254740992"},
                                                        {"{}", "[]"}}) {
    CAPTURE(left, right);
    CHECK_FALSE(json(left) == json(right));
    CHECK_FALSE(json(right) == json(left));
  }
}

TEST_CASE("value: jq's total order") {
  const std::vector<std::string> ascending = {"null",
                                              "false",
                                              "true",
                                              "-1.7e308",
                                              "-5",
                                              "-4.5",
                                              "0",
                                              "0.5",
                                              "1",
                                              "9007199254740992",
                                              "9007199254740993",
                                              "9223372036854775807",
                                              "1e19",
                                              "\"\"",
                                              "\"a\"",
                                              "\"aa\"",
                                              "\"b\"",
                                              "\"é\"",
                                              "\"\U0001F600\"",
                                              "[]",
                                              "[null]",
                                              "[1]",
                                              "[1,2]",
                                              "[2]",
                                              "{}",
                                              R"({"a":1})",
                                              R"({"a":2})",
                                              R"({"a":1,"b":0})",
                                              R"({"b":0,"a":2})",
                                              R"({"b":1})"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t k = 0; k < ascending.size(); ++k) {
      CAPTURE(ascending[i], ascending[k]);
      const std::weak_ordering expected = i <=> k;
      CHECK((Value::compare(json(ascending[i]), json(ascending[k])) == expected));
    }
  }
  CHECK(std::is_eq(Value::compare(Value::number(-0.0), Value::integer(0))));
}

TEST_CASE("value: threads share, copy and destroy one value") {
  const auto shared = json(R"({"a":[1,2,{"b":"text"}],"c":"more text"})");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([value = shared] {
      for (int i = 0; i < 10'000; ++i) {
        auto copy = value;
        const auto part = *copy.find("a");
        copy = std::move(copy).with_member("d", part);
        if (copy.find("d")->items().size() != 3) std::abort();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(to_json(shared) == R"({"a":[1,2,{"b":"text"}],"c":"more text"})");
}

TEST_CASE("value: a moved-from value is null") {
  auto value = Value::string("abc");
  const Value taken = std::move(value);
  CHECK(value.is_null());  // NOLINT(bugprone-use-after-move): that is the promise
  CHECK(taken.as_string() == "abc");
}

TEST_CASE("value: a built builder begins anew") {
  ArrayBuilder items(2);
  items.add(Value::integer(1));
  CHECK(to_json(std::move(items).build()) == "[1]");
  items.add(Value::integer(2));  // NOLINT(bugprone-use-after-move)
  CHECK(to_json(std::move(items).build()) == "[2]");
}

TEST_CASE("value: the names of types are jq's") {
  CHECK(type_name(Value()) == "null");
  CHECK(type_name(Value::boolean(true)) == "boolean");
  CHECK(type_name(Value::integer(1)) == "number");
  CHECK(type_name(Value::number(1.5)) == "number");
  CHECK(type_name(Value::string("")) == "string");
  CHECK(type_name(Value::array({})) == "array");
  CHECK(type_name(Value::object({})) == "object");
}

}  // namespace
}  // namespace tba::tests
