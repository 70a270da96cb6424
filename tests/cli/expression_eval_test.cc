#include <catch2/catch.hpp>

#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using Catch::StartsWith;

}  // namespace

TEST_CASE_METHOD(CliFixture, "expression eval: each value of stdin gives its outputs") {
  const auto result = run({"expression", "eval", ".a"}, "{\"a\":[1]} {\"a\":\"x\"}\n{}");
  CHECK(result.code == 0);
  CHECK(result.out == "[\n  1\n]\n\"x\"\nnull\n");
}

TEST_CASE_METHOD(CliFixture, "expression eval: -n -r -c -s are jq's") {
  CHECK(run({"expression", "eval", "-n", "1 + 1"}, "garbage").out == "2\n");
  CHECK(run({"expression", "eval", "-r", "."}, "\"a b\"").out == "a b\n");
  CHECK(run({"expression", "eval", "-c", "."}, "[1, {\"a\": 2}]").out == "[1,{\"a\":2}]\n");
  CHECK(run({"expression", "eval", "-cs", "."}, "1 2 3").out == "[1,2,3]\n");
  CHECK(run({"expression", "eval", "-cs", "."}, "").out == "[]\n");
  CHECK(run({"expression", "eval", "."}, "").out.empty());
}

TEST_CASE_METHOD(CliFixture, "expression eval: what does not compile is shown with its place, 6") {
  const auto result = run({"expression", "eval", ".a |"}, "{}");
  CHECK(result.code == 6);
  CHECK_THAT(result.err, StartsWith("expression:1:") && Contains("error: ") && Contains("^"));
}

TEST_CASE_METHOD(CliFixture, "expression eval: an error ends that value's outputs, and with 1") {
  const auto result = run({"expression", "eval", ".a"}, "3 {\"a\":4}");
  CHECK(result.code == 1);
  CHECK(result.out == "4\n");
  CHECK_THAT(result.err, StartsWith("expression:1:2: error: Cannot index number with \"a\""));
}

TEST_CASE_METHOD(CliFixture, "expression eval: input that is no JSON is told with its number") {
  const auto result = run({"expression", "eval", "."}, "1 {\"a\":}");
  CHECK(result.code == 1);
  CHECK(result.out == "1\n");
  CHECK_THAT(result.err, StartsWith("error: value 2 of the input is not JSON: "));
}

}  // namespace tba::tests
