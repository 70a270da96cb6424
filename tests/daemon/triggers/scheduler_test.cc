#include "daemon/triggers/scheduler.h"

#include <catch2/catch.hpp>

#include "tests/support/daemon_world.h"

using namespace std::chrono_literals;
using tba::tests::DaemonWorld;

namespace {

const std::string kHourly = R"(
on: [ { schedule: { every: 1h } } ]
steps: [ { set: { at: "${{ .trigger.at }}" } } ]
)";

std::size_t runs(DaemonWorld& world) {
  return world.get("/api/v1/runs").at("items").size();
}

}  // namespace

TEST_CASE("scheduler: each slot starts one run, which knows its instant") {
  DaemonWorld world;
  world.workflow("hourly", kHourly);
  const auto next = world.scheduler().entries().at(0).next.value();
  world.pass(next - world.engine.clock.now() - 1s);
  CHECK(runs(world) == 0);
  world.pass(1s);
  CHECK(runs(world) == 1);
  world.pass(3h);
  CHECK(runs(world) == 4);
  const auto run = world.get("/api/v1/runs/latest");
  CHECK(run.json("trigger") == R"("schedule")");
  CHECK(run.at("trigger_context.at") == run.at("created_at"));
  const auto entry = world.scheduler().entries().at(0);
  CHECK(entry.workflow == "hourly");
  CHECK(entry.trigger == 0);
  CHECK(entry.last == next + 3h);
  CHECK(entry.next == next + 4h);
}

TEST_CASE("scheduler: slots that passed while no daemon ran are left out, those that fired stay") {
  DaemonWorld world;
  world.workflow("hourly", kHourly);
  world.pass(1h);
  const auto fired = world.scheduler().entries().at(0).last;
  REQUIRE(fired);
  REQUIRE(runs(world) == 1);
  world.restart();
  CHECK(world.scheduler().entries().at(0).last == fired);
  CHECK(runs(world) == 1);
  world.engine.clock.advance(5h);
  world.restart();
  world.engine.settle();
  CHECK(runs(world) == 1);
  world.pass(1h);
  CHECK(runs(world) == 2);
}

TEST_CASE("scheduler: a clock that is set back fires nothing twice") {
  DaemonWorld world;
  world.workflow("hourly", kHourly);
  world.pass(2h);
  REQUIRE(runs(world) == 2);
  SECTION("while the daemon runs") {
    world.engine.clock.advance(-90min);
  }
  SECTION("and the files are read anew") {
    world.engine.clock.advance(-90min);
    world.reload();
  }
  SECTION("and the daemon starts anew") {
    world.engine.clock.advance(-90min);
    world.restart();
  }
  world.pass(90min);
  CHECK(runs(world) == 2);
  world.pass(1h);
  CHECK(runs(world) == 3);
}

TEST_CASE("scheduler: a held workflow's slots are left out, and have had no run") {
  DaemonWorld world;
  world.workflow("hourly", R"(
on: [ { schedule: { every: 1h } } ]
steps: [ { call: github/get-authenticated-user, credential: bot } ]
)");
  world.pass(2h);
  CHECK(runs(world) == 0);
  CHECK_FALSE(world.scheduler().entries().at(0).last);
  world.credential("bot", "token", "ghp_0123456789");
  world.pass(1h);
  CHECK(runs(world) == 1);
}

TEST_CASE("scheduler: what is scheduled follows the files") {
  DaemonWorld world;
  world.workflow("hourly", kHourly);
  world.workflow("often", R"(
on: [ { manual: {} }, { schedule: { every: 10m } }, { schedule: { cron: "0 0 1 1 *" } } ]
steps: [ { set: { a: 1 } } ]
)");
  auto entries = world.scheduler().entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[1].workflow == "often");
  CHECK(entries[1].trigger == 1);
  CHECK(entries[2].schedule == "0 0 1 1 *");

  std::filesystem::remove(world.engine.folder / "workflows/hourly.yaml");
  world.workflow("often", R"(
on: [ { schedule: { every: 30m } } ]
steps: [ { set: { a: 1 } } ]
)");
  entries = world.scheduler().entries();
  REQUIRE(entries.size() == 1);
  world.pass(1h);
  CHECK(runs(world) == 2);
}

TEST_CASE("scheduler: once stopped it fires nothing") {
  DaemonWorld world;
  world.workflow("hourly", kHourly);
  world.engine.await(world.scheduler().stop());
  world.pass(5h);
  CHECK(runs(world) == 0);
  world.reload();
  world.pass(5h);
  CHECK(runs(world) == 0);
}
