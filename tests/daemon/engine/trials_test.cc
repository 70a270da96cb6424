#include "daemon/engine/trials.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/engine_world.h"
#include "tests/support/faulty_vfs.h"

/// How the run is found that ends the daemon again and again.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using engine::Trials;
using tests::EngineWorld;
using tests::FaultyVfs;
using tests::succeeds;

constexpr auto kOneGet = R"(
on: { manual: {} }
steps:
  - id: get
    http: { url: "http://localhost/" }
)";

constexpr auto kPoisonGet = R"(
on: { manual: {} }
steps:
  - id: poison
    http: { url: "http://localhost/" }
)";

storage::Run suspect(std::uint8_t number, int crashes = 1, int solo_crashes = 0,
                     int trial_size = 0) {
  storage::Run run;
  run.id.bytes.fill(number);
  run.crashes = crashes;
  run.solo_crashes = solo_crashes;
  run.trial_size = trial_size;
  return run;
}

/// Chooses and begins the next group; the first byte of each run's id.
std::vector<int> take(Trials& trials) {
  std::vector<int> numbers;
  for (const auto& each : trials.next()) numbers.push_back(each.run.bytes[0]);
  trials.begin();
  return numbers;
}

bool pass(Trials& trials, std::uint8_t number) {
  return trials.pass(suspect(number).id);
}

using Numbers = std::vector<int>;

/// A world in which an attempt of the step `poison` ends the daemon.
struct PoisonedWorld {
  /// Starts another daemon after each that has died; how many have.
  int live() {
    for (int deaths = 0;; ++deaths) {
      REQUIRE(deaths < 20);
      if (survives()) return deaths;
    }
  }

  /// Starts a daemon, and says whether it lives for some minutes.
  bool survives() {
    const auto before = world.runner.attempts_of("poison");
    world.crash();
    for (Duration past{0}; past < 5min; past += 500ms) {
      if (world.runner.attempts_of("poison") > before) return false;
      world.pass(500ms);
    }
    return true;
  }

  EngineWorld world;
};

}  // namespace

// --- the order -----------------------------------------------------------------------------------

TEST_CASE("trials: suspects come in groups that double as they pass") {
  Trials trials;
  for (std::uint8_t i = 7; i >= 1; --i) trials.add(suspect(i));
  CHECK(take(trials) == Numbers{1, 2});
  CHECK(trials.next().empty());
  CHECK_FALSE(pass(trials, 1));
  CHECK(trials.next().empty());
  CHECK(pass(trials, 2));
  CHECK(take(trials) == Numbers{3, 4, 5, 6});
  for (std::uint8_t i = 3; i <= 5; ++i) CHECK_FALSE(pass(trials, i));
  CHECK(pass(trials, 6));
  CHECK(take(trials) == Numbers{7});
  CHECK(pass(trials, 7));
  CHECK(trials.next().empty());
}

TEST_CASE("trials: what a crash met comes first in halves, what was alone with one last") {
  Trials trials;
  trials.add(suspect(1));
  trials.add(suspect(2, 3, 0, 1));
  trials.add(suspect(3, 3, 1, 0));
  for (std::uint8_t i = 4; i <= 6; ++i) trials.add(suspect(i, 3, 0, 4));
  for (const auto& group : std::vector<Numbers>{{4, 5}, {6}, {1}, {2}, {3}}) {
    CHECK(take(trials) == group);
    for (const int number : group) pass(trials, static_cast<std::uint8_t>(number));
  }
  CHECK(trials.next().empty());
}

TEST_CASE("trials: a suspect is ahead until its group begins, also when that comes twice") {
  Trials trials;
  trials.add(suspect(1));
  CHECK(trials.is_ahead_of(suspect(1).id));
  CHECK(trials.next().size() == 1);
  CHECK(trials.is_ahead_of(suspect(1).id));
  trials.put_back();
  CHECK(trials.is_ahead_of(suspect(1).id));
  CHECK(take(trials) == Numbers{1});
  CHECK_FALSE(trials.is_ahead_of(suspect(1).id));
  CHECK_FALSE(pass(trials, 2));
}

TEST_CASE("trials: more crashes give more time, up to a minute") {
  for (const auto& [crashes, time] : {std::pair{1, 1s}, {2, 2s}, {5, 16s}, {7, 64s}, {99, 64s}}) {
    Trials trials;
    trials.add(suspect(1, crashes));
    take(trials);
    CHECK(trials.time() == time);
  }
}

// --- the engine ----------------------------------------------------------------------------------

TEST_CASE("poison: a run that ends the daemon is set aside, and no other is") {
  PoisonedWorld poisoned;
  auto& world = poisoned.world;
  std::vector<RunId> innocent;
  for (int i = 0; i < 10; ++i) innocent.push_back(world.start(kOneGet));
  const auto guilty = world.start(kPoisonGet);
  for (int i = 0; i < 10; ++i) innocent.push_back(world.start(kOneGet));

  const int deaths = poisoned.live();
  // Once together, then as the groups shrink, then twice alone.
  CHECK(deaths <= 7);
  const auto run = world.run(guilty);
  CHECK(run.status == RunStatus::interrupted);
  CHECK_THAT(run.failure->message, Contains("the daemon ended 2 times while it carried out just"));
  CHECK(run.crashes == 0);
  CHECK(world.step(guilty, "poison").status == StepStatus::interrupted);
  for (const auto& id : innocent) CHECK(world.run(id).status == RunStatus::running);
  CHECK(world.runner.attempts_of("poison") == static_cast<std::size_t>(deaths) + 1);

  for (const auto& decision :
       {engine::Engine::Decision::repeat, engine::Engine::Decision::repeat}) {
    REQUIRE(world.await(world.engine().resume(guilty, "", decision, "")).has_value());
    world.settle();
    CHECK(world.step(guilty, "poison").status == StepStatus::running);
    poisoned.live();
    CHECK(world.run(guilty).status == RunStatus::interrupted);
  }
}

TEST_CASE("poison: what is not suspected goes first, and counts against no suspect") {
  EngineWorld world;
  const auto suspect = world.start(kOneGet);
  world.crash();
  (void)world.start(kOneGet);
  world.crash();
  CHECK(world.runner.attempts_of("get") == 1 + 1 + 1 + 1);
  CHECK(world.run(suspect).trial_size == 0);
  world.pass(1s);
  CHECK(world.run(suspect).trial_size == 1);
  world.crash();
  CHECK(world.run(suspect).solo_crashes == 1);
}

TEST_CASE("poison: a run that gets on is suspected of nothing") {
  EngineWorld world;
  const auto id = world.start(kOneGet);
  world.crash();
  CHECK(world.run(id).crashes == 1);
  world.crash();
  CHECK(world.run(id).crashes == 2);
  CHECK(world.run(id).trial_size == 1);
  world.pass(2s);
  CHECK(world.run(id).trial_size == 0);
  CHECK(world.run(id).crashes == 2);
  world.runner.answer("get", succeeds());
  world.crash();
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.run(id).crashes == 0);
  CHECK(world.run(id).solo_crashes == 0);
}

TEST_CASE("poison: an end in good order counts against nobody") {
  EngineWorld world;
  const auto id = world.start(kOneGet);
  for (int i = 0; i < 5; ++i) {
    world.await(world.engine().stop(0ms));
    world.crash();
    CHECK(world.run(id).status == RunStatus::running);
    CHECK(world.run(id).crashes == 0);
  }
}

TEST_CASE("poison: a run that cannot even be looked at is set aside too") {
  PoisonedWorld poisoned;
  auto& world = poisoned.world;
  const auto id = world.start(kPoisonGet);
  // As if the daemon had died three times while it was alone.
  storage::Change alone{{storage::PutOnTrial{id, 1}, storage::CountCrash{},
                         storage::PutOnTrial{id, 1}, storage::CountCrash{},
                         storage::PutOnTrial{id, 1}}};
  REQUIRE(world.await(world.store().submit(std::move(alone))).has_value());
  world.crash();
  const auto run = world.run(id);
  CHECK(run.status == RunStatus::interrupted);
  CHECK(run.failure->message == "the daemon ends whenever it goes on");
}

TEST_CASE("poison: what is asked of a suspect is done when it is its turn") {
  EngineWorld world;
  const auto first = world.start(kOneGet);
  (void)world.start(kOneGet);
  const auto last = world.start(kOneGet);
  world.crash();
  world.crash();
  CHECK(world.runner.attempts_of("get") == 3 + 3 + 2);
  REQUIRE(world.await(world.engine().cancel(last)).has_value());
  world.settle();
  CHECK(world.run(last).status == RunStatus::running);
  world.pass(1s);
  CHECK(world.run(last).status == RunStatus::cancelled);
  CHECK(world.run(first).status == RunStatus::running);
}

TEST_CASE("poison: suspects wait for a store that fails") {
  FaultyVfs disk;  // outlives the database
  EngineWorld world;
  const auto first = world.start(kOneGet);
  (void)world.start(kOneGet);
  const auto last = world.start(kOneGet);
  world.crash();
  world.crash();
  CHECK(world.run(first).trial_size == 2);
  disk.fail_writes_with(SQLITE_FULL);
  world.pass(10s);
  CHECK(world.runner.attempts_of("get") == 3 + 3 + 2);
  world.runner.answer("get", succeeds());
  disk.fail_writes_with(SQLITE_OK);
  world.pass(2s);
  CHECK(world.run(last).status == RunStatus::succeeded);
}
