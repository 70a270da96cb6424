#include "shared/inputs.h"

#include <catch2/catch.hpp>

#include "shared/value/json.h"

using tba::default_inputs;
using tba::fill_inputs;
using tba::Input;
using tba::Value;
using tba::ValueType;

namespace {

const std::vector<Input> kInputs{
    {"minimum", ValueType::integer, Value::integer(10), ""},
    {"who", ValueType::string, std::nullopt, ""},
    {"extra", ValueType::any, Value(), ""},
};

std::string filled(const std::string& given) {
  const auto inputs = fill_inputs(kInputs, tba::parse_json(given).value());
  if (inputs) return tba::to_json(*inputs);
  CHECK(inputs.error().code == tba::ErrorCode::invalid);
  return inputs.error().message;
}

}  // namespace

TEST_CASE("inputs: what was not given has its default, in the order of the file") {
  CHECK(filled(R"({"who": "me"})") == R"({"minimum":10,"who":"me","extra":null})");
  CHECK(filled(R"({"extra": [1], "who": "", "minimum": -3})") ==
        R"({"minimum":-3,"who":"","extra":[1]})");
}

TEST_CASE("inputs: everything that is wrong is said at once") {
  CHECK(filled("null") == "input 'who' is missing");
  CHECK(filled("[]") == "inputs are given as an object");
  CHECK(filled("7") == "inputs are given as an object");
  CHECK(filled(R"({"who": null})") == "input 'who' is of type null, not string");
  CHECK(filled(R"({"minimum": 1.5, "who": 1, "hwo": "me"})") ==
        "input 'minimum' is of type number, not integer; input 'who' is of type number, not "
        "string; there is no input 'hwo' (did you mean 'who'?)");
}

TEST_CASE("inputs: a run that nobody gave any has the defaults, and null without one") {
  CHECK(tba::to_json(default_inputs(kInputs)) == R"({"minimum":10,"who":null,"extra":null})");
  CHECK(tba::to_json(default_inputs({})) == "{}");
}
