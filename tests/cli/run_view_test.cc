#include "cli/run_view.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "cli/time_text.h"
#include "shared/time_format.h"

namespace tba::tests {
namespace {

using cli::Json;
using Lines = std::vector<std::string>;

const Instant kNow = *parse_time("2026-11-23T09:00:10Z");

Json running_step(const std::string& id, int attempt) {
  return {{"id", id},
          {"kind", "call"},
          {"status", "running"},
          {"attempt", attempt},
          {"started_at", "2026-11-23T09:00:08Z"}};
}

}  // namespace

TEST_CASE("run view: durations are short and never negative") {
  using namespace std::chrono_literals;
  CHECK(cli::duration_text(8ms) == "8ms");
  CHECK(cli::duration_text(1249ms) == "1.24s");
  CHECK(cli::duration_text(185s) == "3m05s");
  CHECK(cli::duration_text(2h + 3min) == "2h03m");
  CHECK(cli::duration_text(4 * 24h + 7h) == "4d07h");
  CHECK(cli::duration_text(-5s) == "0ms");
}

TEST_CASE("run view: each change is told once") {
  cli::RunView view;
  const Json run = {{"id", "r"},
                    {"workflow", "w"},
                    {"status", "running"},
                    {"steps", Json::array({running_step("a", 1)})}};
  CHECK(view.apply_run(run) == Lines{"run r of w: running", "◐ a: running"});
  CHECK(view.apply_run(run).empty());
  CHECK(view.apply_step(running_step("a", 1)).empty());
  CHECK(view.apply_step(running_step("a", 2)) == Lines{"◐ a: running, attempt 2"});
  CHECK(view.apply_step({{"id", "a"},
                         {"status", "failed"},
                         {"attempt", 2},
                         {"duration_ms", 3100},
                         {"failure", {{"message", "status\n500"}}}}) ==
        Lines{"✗ a: failed, attempt 2, 3.10s: status 500"});
  CHECK_FALSE(view.has_ended());
}

TEST_CASE("run view: the tree shows signs, times and attempts of steps as they are now") {
  cli::RunView view;
  view.apply_run({{"id", "r"},
                  {"workflow", "w"},
                  {"status", "running"},
                  {"started_at", "2026-11-23T09:00:00Z"}});
  view.apply_step({{"id", "first"}, {"kind", "set"}, {"status", "succeeded"}, {"duration_ms", 1}});
  view.apply_step(running_step("b", 2));
  view.apply_step({{"id", "c"}, {"kind", "run"}, {"status", "skipped"}, {"duration_ms", 0}});
  view.apply_step({{"id", "d"}, {"kind", "run"}, {"status", "pending"}});
  CHECK(view.lines(kNow, false) == Lines{"◐ w  r  running  10.00s",
                                         "  ✓ first  set   succeeded  1ms",
                                         "  ◐ b      call  running  attempt 2  2.00s",
                                         "  – c      run   skipped", "  · d      run   pending"});
  CHECK(view.lines(kNow, false, 1)[0] == "◓ w  r  running  10.00s");
  CHECK(view.lines(kNow, true)[1].find("\033[32m✓\033[0m") != std::string::npos);
}

TEST_CASE("run view: a run has ended when it is final or interrupted") {
  for (const auto& [status, ended] :
       std::initializer_list<std::pair<std::string, bool>>{{"queued", false},
                                                           {"running", false},
                                                           {"waiting", false},
                                                           {"succeeded", true},
                                                           {"failed", true},
                                                           {"cancelled", true},
                                                           {"interrupted", true},
                                                           {"skipped", true},
                                                           {"", false}}) {
    cli::RunView view;
    view.apply_run({{"id", "r"}, {"status", status}});
    CHECK(view.has_ended() == ended);
  }
}

}  // namespace tba::tests
