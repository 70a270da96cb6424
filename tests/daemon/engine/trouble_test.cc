#include <algorithm>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/engine_world.h"
#include "tests/support/example_flows.h"
#include "tests/support/faulty_vfs.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using tba::RunStatus;
using tba::StepStatus;
using tba::engine::Attempt;
using tba::engine::AttemptOutcome;
using tba::tests::EngineWorld;
using tba::tests::FaultyVfs;
using tba::tests::kGetThenPost;
using tba::tests::kNap;
using tba::tests::succeeds;

namespace {

/// A world on a disk that is full from the moment on in which `step` acts.
struct FullDisk {
  explicit FullDisk(const std::string& step) {
    world.runner.answer("get", succeeds());
    world.runner.answer("post", succeeds());
    world.runner.hang(step);
    world.runner.answer_with(step, [this](const Attempt&) {
      disk.fail_writes_with(SQLITE_FULL);
      return succeeds();
    });
  }
  void make_room() { disk.fail_writes_with(SQLITE_OK); }

  FaultyVfs disk;  // outlives the database
  EngineWorld world;
};

/// Another daemon writes every run.
void take_all(EngineWorld& world) {
  const auto executor = world.io().get_executor();
  const auto other =
      tba::storage::SqliteStore::open(world.folder / "tba.db", world.clock.now(),
                                      std::make_unique<tba::storage::InlineWorker>(executor),
                                      std::make_unique<tba::storage::InlineWorker>(executor))
          .value();
  const tba::storage::PageRequest all{100, ""};
  tba::storage::Change change;
  for (auto& run : world.await(other->runs({}, all)).value().items) {
    if (!is_final(run.status)) change.writes.emplace_back(tba::storage::UpdateRun{std::move(run)});
  }
  world.await(other->submit(std::move(change))).value();
  other->stop();
}

/// A run whose workflow's text was understood when it began, and no more.
tba::RunId start_of_another_time(EngineWorld& world) {
  auto workflow = *world.workflow(kNap)->workflow;
  workflow.text = "steps: { of: another time }\n";
  const auto definition = tba::engine::define(std::move(workflow), {});
  world.await(world.definitions().keep({definition})).value();
  return world.start(definition);
}

}  // namespace

// --- the store -----------------------------------------------------------------------------------

TEST_CASE("engine: a run goes on when the disk has room again, and repeats nothing") {
  FullDisk full("get");
  auto& world = full.world;
  const auto id = world.start(kGetThenPost);
  world.pass(30s);
  CHECK(full.disk.failures() > 1);
  CHECK(world.step(id, "get").status == StepStatus::running);
  CHECK(world.runner.attempts_of("post") == 0);
  full.make_room();
  world.pass(1s);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.runner.attempts_of("get") == 1);
  CHECK(world.runner.attempts_of("post") == 1);
}

TEST_CASE("engine: nothing is promised while the disk is full, and done once it has room") {
  FullDisk full("get");
  auto& world = full.world;
  const auto id = world.start(kGetThenPost);
  const auto refused = world.await(world.engine().cancel(id));
  CHECK(refused.error().code == tba::ErrorCode::unavailable);
  world.pass(5s);
  world.runner.hang("post");
  full.make_room();
  world.pass(1s);
  CHECK(world.step(id, "get").status == StepStatus::succeeded);
  CHECK(world.await(world.engine().cancel(id)).has_value());
  world.settle();
  CHECK(world.run(id).status == RunStatus::cancelled);
  CHECK(world.step(id, "get").status == StepStatus::succeeded);
}

TEST_CASE("engine: a once attempt whose end could not be stored is not repeated after a crash") {
  FullDisk full("post");
  auto& world = full.world;
  const auto id = world.start(kGetThenPost);
  world.pass(5s);
  full.make_room();
  world.crash();
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.runner.attempts_of("post") == 1);
}

TEST_CASE("engine: a run that cannot be read now is tried again") {
  EngineWorld world;
  (void)world.start(kNap);
  world.store().stop();
  world.pass(2h);
  CHECK(world.engine().statistics().waiting == 1);
}

// --- ownership -----------------------------------------------------------------------------------

TEST_CASE("engine: a run that another daemon has taken over is left to it") {
  EngineWorld world;
  const auto id = world.start(R"(
on: { manual: {} }
retry: { attempts: 5 }
steps: [ { id: get, timeout: 10s, http: { url: "http://far.example/" } } ]
)");
  REQUIRE(world.runner.attempts_of("get") == 1);
  take_all(world);
  SECTION("when its attempt ends") {
    world.pass(10s);
  }
  SECTION("when it is cancelled: its attempt is stopped") {
    CHECK(world.await(world.engine().cancel(id)).has_value());
    world.settle();
  }
  world.pass(1h);
  CHECK(world.runner.attempts_of("get") == 1);
  CHECK(world.run(id).status == RunStatus::running);
  CHECK_FALSE(world.run(id).cancel_requested);
  CHECK(world.step(id, "get").attempt == 1);
  CHECK(world.engine().statistics().active == 0);
}

// --- bugs ----------------------------------------------------------------------------------------

TEST_CASE("engine: an attempt that throws has failed, and may have acted") {
  EngineWorld world;
  const auto bug = [](const Attempt&) -> AttemptOutcome { throw std::runtime_error("a bug"); };
  world.runner.answer_with("get", bug);
  world.runner.answer_with("post", bug);
  const auto failed = world.start(R"(
on: { manual: {} }
steps: [ { id: get, http: { url: "http://far.example/" } } ]
)");
  CHECK(world.run(failed).status == RunStatus::failed);
  CHECK(world.run(failed).failure->kind == "internal");
  CHECK_THAT(world.run(failed).failure->message, Contains("its log says more"));
  const auto interrupted = world.start(R"(
on: { manual: {} }
retry: { attempts: 5 }
steps: [ { id: post, http: { method: POST, url: "http://far.example/" } } ]
)");
  CHECK(world.run(interrupted).status == RunStatus::interrupted);
  CHECK(world.runner.attempts_of("post") == 1);
}

// --- versions ------------------------------------------------------------------------------------

TEST_CASE(
    "engine: a run whose version is not understood any more is interrupted, with the reason") {
  EngineWorld world;
  const auto id = start_of_another_time(world);
  world.crash();
  CHECK(world.run(id).status == RunStatus::waiting);
  world.pass(1h);
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.run(id).failure->kind == "internal");
  CHECK_THAT(world.run(id).failure->message, Contains("is not understood any more"));
  CHECK(world.engine().statistics().active == 0);
  world.crash();
  CHECK(world.run(id).status == RunStatus::interrupted);
}

TEST_CASE("engine: a run whose version is not understood any more can be cancelled") {
  EngineWorld world;
  const auto id = start_of_another_time(world);
  world.crash();
  CHECK(world.await(world.engine().cancel(id)).has_value());
  world.settle();
  CHECK(world.run(id).status == RunStatus::cancelled);
  CHECK(world.run(id).finished_at == world.clock.now());
  world.pass(2h);
  CHECK(world.run(id).status == RunStatus::cancelled);
}

TEST_CASE(
    "engine: a run whose time is over while it waits works on its failure, and waits no more") {
  EngineWorld world;
  const auto id = world.start(R"(
on: { manual: {} }
timeout: 1m
steps: [ { wait: { for: 1h } } ]
on_failure: [ { id: tell, http: { url: "http://far.example/" } } ]
)");
  world.pass(1min);
  CHECK(world.runner.attempts_of("tell") == 1);
  CHECK(world.run(id).status == RunStatus::running);
  CHECK(world.engine().statistics().waiting == 0);
}
