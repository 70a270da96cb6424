#include <catch2/catch.hpp>

#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using Catch::EndsWith;

struct WithDaemon : CliFixture {
  FakeDaemon daemon{socket()};
};

const std::string kRunning =
    R"({"id":"r","workflow":"w","status":"running","steps":[{"id":"a","kind":"run","status":"running","attempt":1}]})";

std::string ended(const std::string& status) {
  return R"({"id":"r","workflow":"w","status":")" + status +
         R"(","duration_ms":20,"steps":[{"id":"a","kind":"run","status":"succeeded","attempt":1,"duration_ms":7}]})";
}

}  // namespace

TEST_CASE_METHOD(WithDaemon, "run watch: a line for each change, and the result as exit code") {
  daemon.on_stream(
      "GET /runs/r/events",
      {{"run", kRunning},
       {"log", R"({"step":"a","stream":"stdout","text":"hi \u001b[2J"})"},
       {"step", R"({"id":"a","kind":"run","status":"succeeded","attempt":1,"duration_ms":7})"},
       {"run", ended("succeeded")}});
  const auto result = run({"run", "watch", "r"});
  CHECK(result.code == 0);
  CHECK(result.err.empty());
  CHECK(result.out ==
        "run r of w: running\n"
        "◐ a: running\n"
        "a | hi \\x1b[2J\n"
        "✓ a: succeeded, 7ms\n"
        "run r succeeded in 20ms\n");
  CHECK_THAT(run({"run", "watch", "r", "--no-logs"}).out, !Contains("a | hi"));
}

TEST_CASE_METHOD(WithDaemon, "run watch: anything but success ends with 1") {
  const auto status = GENERATE(as<std::string>{}, "failed", "cancelled", "interrupted", "skipped");
  daemon.on_stream("GET /runs/r/events", {{"run", ended(status)}});
  const auto result = run({"run", "watch", "r"});
  CHECK(result.code == 1);
  CHECK_THAT(result.out, EndsWith("run r " + status + " in 20ms\n"));
}

TEST_CASE_METHOD(WithDaemon, "run watch: a connection that breaks is made again") {
  daemon.on_stream("GET /runs/r/events", {{"run", kRunning}})
      .on_problem("GET /runs/r/events", 503, R"("code":"stopping","detail":"stopping")")
      .on_stream("GET /runs/r/events", {{"run", kRunning}, {"run", ended("succeeded")}});
  const auto result = run({"run", "watch", "r"});
  CHECK(result.code == 0);
  CHECK(daemon.requests().size() == 3);
  CHECK_THAT(result.err, Contains("connection to the daemon broke"));
  CHECK(result.out ==
        "run r of w: running\n"
        "◐ a: running\n"
        "✓ a: succeeded, 7ms\n"
        "run r succeeded in 20ms\n");
}

TEST_CASE_METHOD(WithDaemon, "run watch: an unknown run, before or after a break, is the end") {
  CHECK(run({"run", "watch", "nothing"}).code == 3);
  daemon.on_stream("GET /runs/r/events", {{"run", kRunning}})
      .on_problem("GET /runs/r/events", 404, R"("code":"not_found","detail":"no run 'r'")");
  const auto result = run({"run", "watch", "r"});
  CHECK(result.code == 3);
  CHECK_THAT(result.err, EndsWith("error: no run 'r'\n"));
}

TEST_CASE_METHOD(WithDaemon, "run watch: a stream that tells nothing is an error") {
  daemon.on_stream("GET /runs/r/events", {});
  const auto result = run({"run", "watch", "r"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, Contains("the daemon closed the connection before it told of the run"));
}

TEST_CASE_METHOD(WithDaemon, "run watch: on a terminal the tree is drawn over itself") {
  out_is_terminal = true;
  daemon.on_stream("GET /runs/r/events", {{"run", kRunning}, {"run", ended("succeeded")}});
  const auto result = run({"run", "watch", "r"});
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Contains("\033[2A\r\033[J"));
  CHECK_THAT(result.out, EndsWith("✓ w  r  succeeded  20ms\n  ✓ a  run  succeeded  7ms\n"));
}

TEST_CASE_METHOD(WithDaemon, "run watch: a tree taller than the terminal shows its end") {
  out_is_terminal = true;
  std::string steps;
  for (int i = 0; i < 40; ++i) {
    steps += (i ? "," : "") + std::string(R"({"id":"s)") + std::to_string(i) +
             R"(","kind":"set","status":"succeeded"})";
  }
  daemon.on_stream(
      "GET /runs/r/events",
      {{"run", R"({"id":"r","workflow":"w","status":"running","steps":[)" + steps + "]}"},
       {"run", R"({"id":"r","workflow":"w","status":"succeeded"})"}});
  const auto result = run({"run", "watch", "r"});
  CHECK_THAT(result.out, Contains("  … 19 more above\n"));
  CHECK_THAT(result.out, Contains("\033[23A\r\033[J"));
}

TEST_CASE_METHOD(WithDaemon, "run watch: --output json gives a line for each event") {
  daemon.on_stream("GET /runs/r/events", {{"run", R"({"id":"r","status":"failed"})"}});
  const auto result = run({"run", "watch", "r", "--output", "json"});
  CHECK(result.code == 1);
  CHECK(result.out == "{\"event\":\"run\",\"data\":{\"id\":\"r\",\"status\":\"failed\"}}\n");
}

TEST_CASE_METHOD(WithDaemon, "run start --watch: follows the run that it started") {
  daemon.on("POST /workflows/w/runs", R"({"id":"r","workflow":"w","status":"queued"})")
      .on_stream("GET /runs/r/events", {{"run", ended("failed")}});
  const auto result = run({"run", "start", "w", "--watch"});
  CHECK(result.code == 1);
  CHECK_THAT(result.out, EndsWith("run r failed in 20ms\n"));
}

}  // namespace tba::tests
