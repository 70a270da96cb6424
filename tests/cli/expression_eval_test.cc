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
  CHECK_THAT(result.err,
             StartsWith("expression:1:2: error: Cannot index number with string \"a\""));
}

TEST_CASE_METHOD(CliFixture, "expression eval: input that is no JSON is told with its number") {
  const auto result = run({"expression", "eval", "."}, "1 {\"a\":}");
  CHECK(result.code == 1);
  CHECK(result.out == "1\n");
  CHECK_THAT(result.err, StartsWith("error: value 2 of the input is not JSON: "));
}

TEST_CASE_METHOD(CliFixture, "expression eval: -R reads lines, -Rs all of the text") {
  CHECK(run({"expression", "eval", "-R", "."}, "a b\n\n1").out == "\"a b\"\n\"\"\n\"1\"\n");
  CHECK(run({"expression", "eval", "-Rs", "."}, "a\nb\n").out == "\"a\\nb\\n\"\n");
  CHECK(run({"expression", "eval", "-Rn", "."}, "a\n").out == "null\n");
  CHECK(run({"expression", "eval", "-R", "."}, "").out.empty());
}

TEST_CASE_METHOD(CliFixture, "expression eval: the layout is as asked for") {
  const std::string value = R"({"b":{"d":1,"c":[true]},"a":"x"})";
  const auto out = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"expression", "eval", "."});
    return run(options, value).out;
  };
  CHECK(out({"--tab"}) ==
        "{\n\t\"b\": {\n\t\t\"d\": 1,\n\t\t\"c\": [\n\t\t\ttrue\n\t\t]\n\t},\n\t\"a\": \"x\"\n}\n");
  CHECK(out({"--indent", "1", "-S"}) ==
        "{\n \"a\": \"x\",\n \"b\": {\n  \"c\": [\n   true\n  ],\n  \"d\": 1\n }\n}\n");
  CHECK(out({"--indent", "0"}) == value + "\n");
  CHECK(out({"-cS"}) == "{\"a\":\"x\",\"b\":{\"c\":[true],\"d\":1}}\n");
  CHECK(run({"expression", "eval", "-j", ".a, .b.d"}, value).out == "x1");
  CHECK(run({"expression", "eval", "--indent", "8", "."}).code == 2);
}

TEST_CASE_METHOD(CliFixture, "expression eval: --arg and --argjson give variables") {
  CHECK(run({"expression", "eval", "-nr", "--arg", "x", "-5", "--arg", "_y2", "{}", "$x + $_y2"})
            .out == "-5{}\n");
  CHECK(run({"expression", "eval", "-nc", "--argjson", "x", "{\"a\": 12345678901234567}", "$x.a"})
            .out == "12345678901234567\n");
  CHECK(
      run({"expression", "eval", "-n", "--arg", "x", "first", "--arg", "x", "second", "$x"}).out ==
      "\"first\"\n");
  const auto no_json = run({"expression", "eval", "-n", "--argjson", "x", "{", "$x"});
  CHECK(no_json.code == 2);
  CHECK_THAT(no_json.err, StartsWith("error: the value of 'x' is not JSON: "));
  const auto no_name = run({"expression", "eval", "-n", "--arg", "$x", "1", "$x"});
  CHECK(no_name.code == 2);
  CHECK_THAT(no_name.err, StartsWith("error: '$x' cannot name a variable"));
  CHECK(run({"expression", "eval", "-n", "--arg", "x", "1"}).code == 2);
  CHECK(run({"expression", "eval", "-n", "$x"}).code == 6);
}

TEST_CASE_METHOD(CliFixture,
                 "expression eval: -e tells by its exit code what the last output was") {
  CHECK(run({"expression", "eval", "-e", "."}, "false true").code == 0);
  CHECK(run({"expression", "eval", "-e", "."}, "true false").code == 1);
  CHECK(run({"expression", "eval", "-e", "."}, "null").code == 1);
  CHECK(run({"expression", "eval", "-e", "."}, "").code == 1);
  CHECK(run({"expression", "eval", "."}, "false").code == 0);
}

TEST_CASE_METHOD(CliFixture, "expression eval: a program may come from a file") {
  const auto file = folder.write("p.jq", "# the sum\n.a +\n  .b\n");
  CHECK(run({"expression", "eval", "-f", file.string()}, R"({"a":1,"b":2})").out == "3\n");
  const auto failed =
      run({"expression", "eval", "--from-file", file.string()}, R"({"a":1,"b":"x"})");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.err, StartsWith(file.string() + ":2:1: error: "));
  CHECK(run({"expression", "eval", "-f", folder / "none.jq"}).code == 3);
  CHECK(run({"expression", "eval", "-f", file.string(), ".a"}).code == 2);
  CHECK(run({"expression", "eval"}).code == 2);
}

TEST_CASE_METHOD(CliFixture, "expression eval: --run evaluates as the run's workflow would") {
  FakeDaemon daemon(socket());
  daemon.on("GET /runs/latest/context",
            R"({"run":"r","step":"tell","context":{"inputs":{"id":12345678901234567},)"
            R"("steps":{"get":{"body":{"b":1,"a":[1,2]}}}},)"
            R"("limits":{"steps":4000000,"bytes":67108864,"depth":10000}})");
  const auto eval = [&](const std::string& program) {
    return run({"expression", "eval", "-c", "--run", "latest", "--step", "tell", program});
  };
  CHECK(eval(".inputs.id").out == "12345678901234567\n");
  CHECK(daemon.last().line == "GET /api/v1/runs/latest/context?step=tell");
  CHECK(eval("$steps.get.body").out == "{\"b\":1,\"a\":[1,2]}\n");
  CHECK(eval("empty").out == "null\n");
  CHECK(eval("id ${{ .inputs.id }}: ${{ .steps.get.body.a | length }}").out ==
        "\"id 12345678901234567: 2\"\n");
  CHECK(eval("${{ .steps.get.body.a }}").out == "[1,2]\n");

  const auto missing = eval(".steps.get.bdy");
  CHECK(missing.code == 1);
  CHECK_THAT(missing.err, StartsWith("expression:1:") &&
                              Contains("'.steps.get' has no key 'bdy' (did you mean 'body'?)"));
  const auto several = eval("1, 2");
  CHECK(several.code == 1);
  CHECK_THAT(several.err, Contains("the expression has several outputs"));
  CHECK(eval(".stps").code == 6);
  CHECK(eval("a ${{ 1 +").code == 6);
  CHECK(run({"expression", "eval", "--run", "latest", "-n", "1"}).code == 2);
  CHECK(run({"expression", "eval", "--run", "latest", "--arg", "a", "1", "1"}).code == 2);
  CHECK(run({"expression", "eval", "--step", "tell", "1"}).code == 2);
}

TEST_CASE_METHOD(CliFixture, "expression eval: --run keeps to the daemon's limits") {
  FakeDaemon daemon(socket());
  daemon.on("GET /runs/r1/context",
            R"({"context":{"inputs":{}},"limits":{"steps":3,"bytes":67108864,"depth":10000}})");
  const auto result = run({"expression", "eval", "--run", "r1", "[1, 2, 3] | length"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, Contains("more than 3 steps"));
}

TEST_CASE_METHOD(CliFixture,
                 "expression eval: --run tells what is not there, and where no daemon is") {
  CHECK(run({"expression", "eval", "--run", "latest", "1"}).code == 5);
  FakeDaemon daemon(socket());
  daemon.on_problem("GET /runs/r1/context", 409,
                    R"("code":"conflict","detail":"run r1 has not come to step 'x'")");
  const auto early = run({"expression", "eval", "--run", "r1", "--step", "x", "1"});
  CHECK(early.code == 1);
  CHECK_THAT(early.err, StartsWith("error: run r1 has not come to step 'x'"));
  CHECK(run({"expression", "eval", "--run", "r2", "1"}).code == 3);
  CHECK(run({"expression", "eval", "--run", "r2", "1 +"}).code == 6);
}

TEST_CASE_METHOD(CliFixture, "expression check: programs are compiled, and all problems told") {
  const auto good = folder.write("good.jq", ".a | length\n");
  const auto bad = folder.write("bad.jq", ".a\n| lenght\n");
  const auto right = run({"expression", "check", good.string()});
  CHECK(right.code == 0);
  CHECK(right.out == "1 program checked, no errors\n");
  CHECK(right.err.empty());
  const auto wrong = run({"expression", "check", good.string(), bad.string()});
  CHECK(wrong.code == 6);
  CHECK(wrong.out == "2 programs checked, 1 with errors\n");
  CHECK_THAT(wrong.err, StartsWith(bad.string() + ":2:3: error: unknown function 'lenght' (did you "
                                                  "mean 'length'?)\n    2 | | lenght\n"));
  CHECK(run({"expression", "check", folder / "none.jq"}).code == 3);
  CHECK(run({"expression", "check"}).code == 2);
}

TEST_CASE_METHOD(CliFixture, "expression check: stdin, variables, roots of the context, JSON") {
  CHECK(run({"expression", "check", "-"}, ".a").code == 0);
  CHECK_THAT(run({"expression", "check", "-"}, "$x").err, StartsWith("stdin:1:1: error: $x"));
  CHECK(run({"expression", "check", "--arg", "x", "--arg", "y", "-"}, "$x + $y").code == 0);
  CHECK(run({"expression", "check", "--workflow", "-"}, ".trigger.body").code == 0);
  CHECK_THAT(run({"expression", "check", "--workflow", "-"}, ".triger.body").err,
             Contains("(did you mean '.trigger'?)"));
  const auto json = run({"expression", "check", "-", "--output", "json"}, ".a +");
  CHECK(json.code == 6);
  CHECK_THAT(json.out, Contains("\"valid\": false") && Contains("\"line\": 1"));
}

}  // namespace tba::tests
