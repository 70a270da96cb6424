#include "daemon/triggers/scheduler.h"

#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "shared/time_format.h"
#include "shared/value/json.h"
#include "tests/support/daemon_world.h"

using namespace std::chrono_literals;
using tba::tests::DaemonWorld;

namespace {

const std::string kHourly = R"(
on: [ { schedule: { every: 1h } } ]
steps: [ { set: { at: "${{ .trigger.at }}" } } ]
)";

std::string every_hour(const std::string& more) {
  return "on: [ { schedule: { every: 1h" + more +
         " } } ]\nsteps: [ { set: { at: \"${{ .trigger.at }}\" } } ]\n";
}

std::size_t runs(DaemonWorld& world) {
  return world.get("/api/v1/runs?limit=200").at("items").size();
}

// The slots that have had a run, oldest first, as hours and minutes; each must be there once.
std::string fired(DaemonWorld& world) {
  const auto items = world.get("/api/v1/runs?limit=200").at("items");
  std::set<std::string> slots;
  for (const auto& run : items.items()) {
    const auto id = tba::to_json(*run.find("id"));
    const auto at =
        world.get("/api/v1/runs/" + id.substr(1, id.size() - 2)).json("trigger_context.at");
    CHECK(slots.insert(at.substr(9, 8)).second);
  }
  std::string text;
  for (const auto& slot : slots) text += (text.empty() ? "" : " ") + slot;
  return text;
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

// The world's clock begins at 22:13:20.

TEST_CASE("scheduler: slots that passed while no daemon ran are made up for as the file says") {
  DaemonWorld world;
  SECTION("none of them") {
    world.workflow("hourly", every_hour(""));
    world.pass(1h);
    world.engine.clock.advance(5h);
    world.restart();
    world.pass(0s);
    CHECK(fired(world) == "14T23:00");
  }
  SECTION("the latest") {
    world.workflow("hourly", every_hour(", catch_up: latest"));
    world.pass(1h);
    world.engine.clock.advance(5h);
    world.restart();
    world.pass(0s);
    CHECK(fired(world) == "14T23:00 15T04:00");
    CHECK(world.scheduler().entries().at(0).last == world.engine.clock.now() - 13min - 20s);
  }
  SECTION("all of them, in their order") {
    world.workflow("hourly", every_hour(", catch_up: all"));
    world.pass(1h);
    world.engine.clock.advance(5h);
    world.restart();
    world.pass(0s);
    CHECK(fired(world) == "14T23:00 15T00:00 15T01:00 15T02:00 15T03:00 15T04:00");
  }
  SECTION("none that is long past") {
    world.workflow("often",
                   "on: [ { schedule: { every: 1s, catch_up: all } } ]\n"
                   "steps: [ { set: { a: 1 } } ]\n");
    world.pass(1s);
    world.engine.clock.advance(24h * 30);
    world.restart();
    world.pass(0s);
    CHECK(runs(world) == 101);
  }
  world.pass(0s);
  world.restart();
  const auto before = runs(world);
  world.pass(0s);
  CHECK(runs(world) == before);
}

TEST_CASE("scheduler: a schedule that was never seen counts from when it is") {
  DaemonWorld world;
  world.workflow("hourly", every_hour(", catch_up: all"));
  world.pass(0s);
  CHECK(runs(world) == 0);
  SECTION("also if its first slot passed while no daemon ran") {
    world.engine.clock.advance(2h);
    world.restart();
    world.pass(0s);
    CHECK(fired(world) == "14T23:00 15T00:00");
  }
  SECTION("also by a file that came while no daemon ran") {
    world.pass(1h);
    world.engine.folder.write("workflows/later.yaml", every_hour(", catch_up: all"));
    world.engine.clock.advance(3h);
    world.restart();
    world.pass(0s);
    CHECK(runs(world) == 4);  // those of the first one
    CHECK_FALSE(world.scheduler().entries().at(1).last);
  }
}

TEST_CASE("scheduler: a restart within a minute loses nothing") {
  DaemonWorld world;
  world.workflow("hourly", every_hour(""));
  const auto next = world.scheduler().entries().at(0).next.value();
  world.engine.clock.set(next - 5s);
  world.restart();
  world.engine.clock.set(next + 50s);
  world.restart();
  world.pass(0s);
  CHECK(fired(world) == "14T23:00");
}

TEST_CASE("scheduler: a schedule is known by what it says, not by its place or its policy") {
  DaemonWorld world;
  world.workflow("hourly", every_hour(", catch_up: all"));
  world.pass(1h);
  world.engine.clock.advance(2h);
  world.engine.folder.write("workflows/hourly.yaml",
                            "on:\n  - manual: {}\n  - schedule: { every: 5h }\n"
                            "  - schedule: { every: 1h, catch_up: latest }\n"
                            "steps: [ { set: { a: 1 } } ]\n");
  world.restart();
  world.pass(0s);
  CHECK(fired(world) == "14T23:00 15T01:00");
  world.reload();
  world.pass(0s);
  CHECK(runs(world) == 2);
}

TEST_CASE("scheduler: another text is another schedule, and counts from when it is seen") {
  DaemonWorld world;
  world.workflow("job",
                 "on: [ { schedule: { cron: 30 * * * *, catch_up: all } } ]\n"
                 "steps: [ { set: { a: 1 } } ]\n");
  world.pass(1h);
  world.engine.clock.advance(5h);
  world.engine.folder.write("workflows/job.yaml",
                            "on: [ { schedule: { cron: 45 * * * *, catch_up: all } } ]\n"
                            "steps: [ { set: { a: 1 } } ]\n");
  world.restart();
  world.pass(0s);
  CHECK(fired(world) == "14T22:30");
  world.pass(1h);
  CHECK(fired(world) == "14T22:30 15T04:45");
}

TEST_CASE("scheduler: a workflow that is held has its slots made up for once it is not") {
  DaemonWorld world;
  const auto held = [](const char* catch_up) {
    return std::string("on: [ { schedule: { every: 1h, catch_up: ") + catch_up +
           " } } ]\nsteps: [ { call: github/get-authenticated-user, credential: bot } ]\n";
  };
  SECTION("the latest") {
    world.workflow("job", held("latest"));
    world.pass(3h);
    CHECK(runs(world) == 0);
    world.credential("bot", "token", "ghp_0123456789");
    world.pass(10s);
    CHECK(fired(world) == "15T01:00");
  }
  SECTION("all") {
    world.workflow("job", held("all"));
    world.pass(3h);
    world.credential("bot", "token", "ghp_0123456789");
    world.pass(10s);
    CHECK(fired(world) == "14T23:00 15T00:00 15T01:00");
  }
  SECTION("also by the next daemon") {
    world.workflow("job", held("all"));
    world.pass(2h);
    world.restart();
    world.pass(1h);
    CHECK(runs(world) == 0);
    world.credential("bot", "token", "ghp_0123456789");
    world.pass(10s);
    CHECK(fired(world) == "14T23:00 15T00:00 15T01:00");
  }
}

TEST_CASE("scheduler: a clock that jumps forward over slots fires the last, or all") {
  DaemonWorld world;
  SECTION("one slot") {
    world.workflow("hourly", every_hour(""));
    world.set_clock(1h);
    world.pass(0s);
    CHECK(fired(world) == "14T23:00");
  }
  SECTION("several") {
    world.workflow("hourly", every_hour(""));
    world.set_clock(5h);
    world.pass(0s);
    CHECK(fired(world) == "15T03:00");
  }
  SECTION("several, all of which count") {
    world.workflow("hourly", every_hour(", catch_up: all"));
    world.set_clock(3h);
    world.pass(0s);
    CHECK(fired(world) == "14T23:00 15T00:00 15T01:00");
  }
  const auto before = runs(world);
  world.pass(1h);
  CHECK(runs(world) == before + 1);
}

TEST_CASE("scheduler: a clock that was years ahead and is put right goes on at once") {
  DaemonWorld world;
  world.workflow("hourly", every_hour(""));
  world.pass(2h);
  REQUIRE(runs(world) == 2);
  world.set_clock(24h * 3000);
  world.pass(0s);
  REQUIRE(runs(world) == 3);
  SECTION("while the daemon runs") {
    world.set_clock(-24h * 3000);
  }
  SECTION("and the daemon starts anew") {
    world.engine.clock.advance(-24h * 3000);
    world.restart();
  }
  world.pass(0s);
  CHECK(runs(world) == 3);
  world.pass(1h);
  CHECK(runs(world) == 4);
}

TEST_CASE("scheduler: a clock that is put back by days fires no slot again") {
  DaemonWorld world;
  world.workflow("hourly", every_hour(""));
  world.pass(50h);
  REQUIRE(runs(world) == 50);
  world.set_clock(-49h);
  world.pass(49h);
  CHECK(runs(world) == 50);
  world.pass(1h);
  CHECK(runs(world) == 51);
}

TEST_CASE("scheduler: jitter puts a slot off, always by the same") {
  DaemonWorld world;
  world.workflow("hourly", every_hour(", jitter: 20m"));
  const auto entry = world.scheduler().entries().at(0);
  const auto delay = *entry.due_at - *entry.next;
  CHECK(delay >= 0s);
  CHECK(delay <= 20min);
  world.restart();
  CHECK(world.scheduler().entries().at(0).due_at == entry.due_at);
  world.pass(*entry.due_at - world.engine.clock.now() - 1ms);
  CHECK(runs(world) == 0);
  SECTION("and fires at its instant") {
    world.pass(1ms);
  }
  SECTION("also where the daemon started between the slot and its jitter") {
    world.restart();
    world.pass(1ms);
  }
  SECTION("also where the daemon was away meanwhile") {
    world.engine.clock.advance(30s);
    world.restart();
    world.pass(0s);
  }
  CHECK(fired(world) == "14T23:00");
  world.restart();
  world.pass(20min);
  CHECK(runs(world) == 1);
}

TEST_CASE("scheduler: a daemon that dies at any point loses and doubles nothing") {
  for (int round = 0; round < 25; ++round) {
    CAPTURE(round);
    DaemonWorld world;
    world.workflow("hourly", every_hour(", catch_up: all"));
    std::mt19937 random(static_cast<unsigned>(round));
    const auto end = world.engine.clock.now() + 10h;
    while (world.engine.clock.now() < end) {
      const auto step = std::chrono::minutes(1 + random() % 90);
      world.engine.clock.advance(std::min<tba::Duration>(step, end - world.engine.clock.now()));
      world.ring();
      // Some of what firing a slot takes is carried out.
      for (auto turns = random() % 12; turns > 0; --turns) world.engine.io().poll_one();
      if (random() % 2 == 0) world.restart();
    }
    world.pass(0s);
    REQUIRE(fired(world) ==
            "14T23:00 15T00:00 15T01:00 15T02:00 15T03:00 15T04:00 15T05:00 15T06:00 15T07:00 "
            "15T08:00");
  }
}

TEST_CASE("scheduler: of two daemons on one store one fires a slot") {
  DaemonWorld world;
  world.workflow("hourly", every_hour(", catch_up: all"));
  tba::tests::FakeAlarm alarm;
  const auto log = tba::daemon::Log::silent();
  tba::triggers::Scheduler other({world.engine.io().get_executor(), world.workflows(),
                                  world.engine.engine(), world.engine.store(), alarm,
                                  world.engine.clock, world.engine.ids, *log});
  world.engine.await(other.refresh());
  for (int hour = 0; hour < 4; ++hour) {
    if (hour % 2 == 0)
      world.pass(1h);
    else
      world.engine.clock.advance(1h);
    alarm.ring();
    world.engine.settle();
    world.pass(0s);
  }
  CHECK(fired(world) == "14T23:00 15T00:00 15T01:00 15T02:00");
  CHECK(other.entries().at(0).last == world.scheduler().entries().at(0).last);
  world.engine.await(other.stop());
}

TEST_CASE("scheduler: times of an `at` fire once each, and then there is nothing more") {
  DaemonWorld world;
  world.workflow("twice",
                 "on: [ { schedule: { at: [2023-11-14T22:15:00Z, 2023-11-14T23:30:00+01:00],"
                 " catch_up: all } } ]\nsteps: [ { set: { a: 1 } } ]\n");
  world.pass(24h);
  CHECK(fired(world) == "14T22:15 14T22:30");
  CHECK_FALSE(world.scheduler().entries().at(0).next);
  world.restart();
  world.pass(24h);
  CHECK(runs(world) == 2);
}
