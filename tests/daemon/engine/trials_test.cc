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
  const auto group = trials.next();
  for (const auto& each : group) numbers.push_back(each.run.bytes[0]);
  trials.begin(group);
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

  /// Starts a daemon, and says whether it lives.
  bool survives() {
    const auto before = world.runner.attempts_of("poison");
    world.crash();
    for (Duration past{0}; past < 1h; past += 500ms) {
      if (world.runner.attempts_of("poison") > before) {
        world.pass(delay);
        return false;
      }
      world.pass(500ms);
    }
    return true;
  }

  Duration delay{0};  ///< From the attempt to the end.

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

TEST_CASE("trials: what was alone with a crash comes first, then in halves what met one") {
  Trials trials;
  trials.add(suspect(1));
  trials.add(suspect(2, 3, 0, 1));
  trials.add(suspect(3, 3, 1, 0));
  for (std::uint8_t i = 4; i <= 6; ++i) trials.add(suspect(i, 3, 0, 4));
  for (const auto& group : std::vector<Numbers>{{2}, {3}, {4, 5}, {6}, {1}}) {
    CHECK(take(trials) == group);
    for (const int number : group) pass(trials, static_cast<std::uint8_t>(number));
  }
  CHECK(trials.next().empty());
}

TEST_CASE("trials: a suspect is ahead until its group begins, also when that comes twice") {
  Trials trials;
  trials.add(suspect(1));
  CHECK(trials.is_ahead_of(suspect(1).id));
  auto group = trials.next();
  CHECK(group.size() == 1);
  CHECK(trials.is_ahead_of(suspect(1).id));
  trials.put_back(std::move(group));
  CHECK(trials.is_ahead_of(suspect(1).id));
  CHECK(trials.ahead() == 1);
  CHECK(take(trials) == Numbers{1});
  CHECK_FALSE(trials.is_ahead_of(suspect(1).id));
  CHECK_FALSE(pass(trials, 2));
}

TEST_CASE("trials: more crashes give more time, up to four minutes") {
  for (const auto& [crashes, time] : {std::pair{1, 1s}, {2, 2s}, {5, 16s}, {9, 256s}, {99, 256s}})
    CHECK(engine::time_of({{RunId(), 1}, {RunId(), crashes}}) == time);
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
  CHECK_THAT(run.failure->message, Contains("the daemon ended 2 times while no other run was"));
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
  world.pass(2s);
  CHECK(world.run(suspect).trial_size == 2);
  world.crash();
  CHECK(world.run(suspect).solo_crashes == 0);
}

TEST_CASE("poison: no other run acts while one is on trial alone, and goes on after that") {
  EngineWorld world;
  const auto suspect = world.start(kOneGet);
  world.crash();
  world.crash();
  CHECK(world.run(suspect).trial_size == 1);
  const auto other = world.start(kOneGet);
  CHECK(world.run(other).status == RunStatus::running);
  CHECK(world.steps(other).empty());
  const auto pure = world.start("on: { manual: {} }\nsteps: [ { set: { x: 1 } } ]\n");
  CHECK(world.run(pure).status == RunStatus::succeeded);
  SECTION("once it has got on") {
    world.runner.answer("get", succeeds());
    world.pass(1s);
  }
  SECTION("once it has had its time") {
    world.pass(2s);
    CHECK(world.run(suspect).trial_size == 0);
    CHECK(world.step(other, "get").status == StepStatus::running);
    world.runner.answer("get", succeeds());
    world.crash();
    world.pass(10s);
  }
  CHECK(world.run(other).status == RunStatus::succeeded);
}

TEST_CASE("poison: a run in flight that may begin nothing waits without a sound") {
  EngineWorld world;
  world.runner.answer("flaky", tests::answers(503));
  const auto busy = world.start(R"(
on: { manual: {} }
steps:
  - parallel:
      slow: [ { id: get, http: { url: "http://localhost/" } } ]
      fast:
        - id: flaky
          http: { url: "http://localhost/" }
          retry: { attempts: 100, initial: 1500ms, factor: 1, jitter: false }
)");
  (void)world.start(kOneGet);
  const auto last = world.start(kOneGet);
  world.crash();
  world.crash();
  world.pass(1s);  // from now on the last one is to be alone, and waits for the others
  CHECK(world.run(last).trial_size == 0);
  world.pass(750ms);
  CHECK(world.runner.attempts_of("flaky") == 1);
  CHECK(world.run(busy).status == RunStatus::running);
  CHECK_FALSE(world.run(busy).wake_at);
  world.pass(2s);
  CHECK(world.runner.attempts_of("flaky") == 2);
}

TEST_CASE("poison: a run that does its harm late is found, and those that take long are not") {
  PoisonedWorld poisoned;
  poisoned.delay = 70s;
  auto& world = poisoned.world;
  std::vector<RunId> innocent;
  for (int i = 0; i < 2; ++i) innocent.push_back(world.start(kOneGet));
  const auto guilty = world.start(kPoisonGet);
  poisoned.live();
  CHECK(world.run(guilty).status == RunStatus::interrupted);
  for (const auto& id : innocent) CHECK(world.run(id).status == RunStatus::running);
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

TEST_CASE("poison: a run that cannot even be looked at is set aside too, and can go on") {
  EngineWorld world;
  const auto definition = world.workflow(
      "on: { manual: {} }\nconcurrency: { limit: 1 }\n"
      "steps: [ { id: poison, http: { url: \"http://localhost/\" } } ]\n");
  const auto id = world.start(definition);
  const auto next = world.start(definition);
  CHECK(world.run(next).status == RunStatus::queued);
  // As if the daemon had died three times while it was alone.
  storage::Change alone{{storage::PutOnTrial{id, 1}, storage::CountCrash{},
                         storage::PutOnTrial{id, 1}, storage::CountCrash{},
                         storage::PutOnTrial{id, 1}}};
  REQUIRE(world.await(world.store().submit(std::move(alone))).has_value());
  world.crash();
  world.pass(10s);
  const auto run = world.run(id);
  CHECK(run.status == RunStatus::interrupted);
  CHECK(run.failure->message == "the daemon ends whenever it goes on");
  CHECK(run.crashes == 0);
  CHECK(run.solo_crashes == 0);
  CHECK(world.step(id, "poison").status == StepStatus::interrupted);
  CHECK(world.run(next).status == RunStatus::running);
  using Decision = engine::Engine::Decision;
  REQUIRE(world.await(world.engine().resume(id, "", Decision::skip, "")).has_value());
  world.settle();
  CHECK(world.run(id).status == RunStatus::succeeded);
}

TEST_CASE("poison: what cannot be set aside for now is not looked at either") {
  FaultyVfs disk;  // outlives the database
  EngineWorld world;
  const auto id = world.start(kOneGet);
  storage::Change alone{{storage::PutOnTrial{id, 1}, storage::CountCrash{},
                         storage::PutOnTrial{id, 1}, storage::CountCrash{},
                         storage::PutOnTrial{id, 1}}};
  REQUIRE(world.await(world.store().submit(std::move(alone))).has_value());
  // A daemon that has begun to set it aside when its disk is full.
  world.crash(false);
  boost::asio::co_spawn(world.io(), world.engine().start(),
                        [&](std::exception_ptr, Result<>) { disk.fail_writes_with(SQLITE_FULL); });
  world.pass(10s);
  CHECK(world.runner.attempts_of("get") == 1);
  disk.fail_writes_with(SQLITE_OK);
  world.pass(10s);
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.runner.attempts_of("get") == 1);
}

TEST_CASE("poison: an end before the crash was counted forgives nothing") {
  EngineWorld world;
  const auto id = world.start(kOneGet);
  world.crash();
  CHECK(world.run(id).crashes == 1);
  world.crash(false);
  world.await(world.engine().stop(0ms));
  CHECK(world.run(id).crashes == 1);
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
  world.pass(5s);
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
