#include "daemon/engine/places.h"

#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/engine_world.h"

/// How many runs of a workflow go on at once.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using tests::EngineWorld;

std::string limited(const std::string& concurrency) {
  return "on: { manual: {} }\ninputs: { key: { type: string, default: a } }\nconcurrency: " +
         concurrency + "\nsteps: [ { wait: { for: 1h } } ]\nfinally: [ { set: { x: 1 } } ]\n";
}

Value key(const char* text) {
  return Value::object({{"key", Value::string(text)}});
}

std::vector<RunStatus> statuses(EngineWorld& world, const std::vector<RunId>& runs) {
  std::vector<RunStatus> statuses;
  for (const auto& run : runs) statuses.push_back(world.run(run).status);
  return statuses;
}

using S = RunStatus;
using Statuses = std::vector<RunStatus>;

}  // namespace

TEST_CASE("concurrency: runs beyond the limit wait for their turn, also across crashes") {
  EngineWorld world;
  const auto definition = world.workflow(limited("{ limit: 2 }"));
  std::vector<RunId> runs;
  for (int i = 0; i < 5; ++i) runs.push_back(world.start(definition));
  CHECK(statuses(world, runs) == Statuses{S::waiting, S::waiting, S::queued, S::queued, S::queued});
  CHECK_FALSE(world.run(runs[2]).started_at);
  world.crash();
  CHECK(statuses(world, runs) == Statuses{S::waiting, S::waiting, S::queued, S::queued, S::queued});
  world.pass(1h);
  CHECK(statuses(world, runs) ==
        Statuses{S::succeeded, S::succeeded, S::waiting, S::waiting, S::queued});
  world.crash();
  world.pass(1h);
  world.pass(1h);
  CHECK(statuses(world, runs) == Statuses(5, S::succeeded));
}

TEST_CASE("concurrency: each key has a limit of its own") {
  EngineWorld world;
  const auto definition = world.workflow(limited("{ key: \"${{ .inputs.key }}\" }"));
  const auto first = world.start(definition, key("a"));
  const auto second = world.start(definition, key("a"));
  const auto other = world.start(definition, key("b"));
  CHECK(statuses(world, {first, second, other}) == Statuses{S::waiting, S::queued, S::waiting});
}

TEST_CASE("concurrency: a run may be skipped") {
  EngineWorld world;
  const auto definition = world.workflow(limited("{ when_busy: skip }"));
  const auto first = world.start(definition);
  const auto second = world.start(definition);
  CHECK(statuses(world, {first, second}) == Statuses{S::waiting, S::skipped});
  CHECK(world.steps(second).empty());
  world.pass(1h);
  CHECK(world.run(world.start(definition)).status == S::waiting);
}

TEST_CASE("concurrency: the oldest may have to make way") {
  EngineWorld world;
  const auto definition = world.workflow(limited("{ when_busy: cancel-oldest }"));
  std::vector<RunId> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(world.start(definition));
  CHECK(statuses(world, runs) == Statuses{S::cancelled, S::cancelled, S::waiting});
  CHECK(world.steps(runs[0]).back().key == "finally-1");
}

TEST_CASE("concurrency: a run that has to make way before its turn never begins") {
  EngineWorld world;
  const auto definition = world.workflow(R"(
on: { manual: {} }
concurrency: { when_busy: cancel-oldest }
steps: [ { wait: { for: 1h } } ]
finally: [ { wait: { for: 1h } } ]
)");
  const auto first = world.start(definition);
  CHECK(world.await(world.engine().cancel(first)).has_value());
  world.settle();
  // The first of these ends the one that goes on, and the second the first, before it has begun.
  engine::Admission admission;
  std::vector<RunId> runs{first};
  for (int i = 0; i < 2; ++i) {
    admission.starts.push_back(world.new_start(definition));
    runs.push_back(admission.starts.back().id);
  }
  CHECK(world.await(world.engine().admit(std::move(admission))).has_value());
  world.settle();
  CHECK(statuses(world, runs) == Statuses{S::cancelled, S::cancelled, S::waiting});
  CHECK(world.steps(runs[1]).empty());
}

TEST_CASE("concurrency: a run that waits for its turn can be cancelled") {
  EngineWorld world;
  const auto definition = world.workflow(limited("{ limit: 1 }"));
  std::vector<RunId> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(world.start(definition));
  CHECK(world.await(world.engine().cancel(runs[1])).has_value());
  world.settle();
  CHECK(statuses(world, runs) == Statuses{S::waiting, S::cancelled, S::queued});
  CHECK(world.steps(runs[1]).empty());
  world.pass(1h);
  CHECK(world.run(runs[2]).status == S::waiting);
}

TEST_CASE("concurrency: who is interrupted gives the place away, and has one again later") {
  EngineWorld world;
  world.runner.answer("post", tests::is_lost());
  const auto definition = world.workflow(R"(
on: { manual: {} }
concurrency: { limit: 1 }
steps:
  - { id: post, http: { method: POST, url: "http://far.example/" } }
  - { wait: { for: 1h } }
)");
  const auto first = world.start(definition);
  CHECK(world.run(first).status == S::interrupted);
  world.runner.hang("post");
  const auto second = world.start(definition);
  CHECK(world.run(second).status == S::running);
  CHECK(world.await(world.engine().resume(first, "", engine::Engine::Decision::skip, ""))
            .has_value());
  world.settle();
  const auto third = world.start(definition);
  CHECK(statuses(world, {first, second, third}) == Statuses{S::waiting, S::running, S::queued});
  world.pass(1h);
  CHECK(statuses(world, {first, second, third}) == Statuses{S::succeeded, S::running, S::queued});
}

TEST_CASE("concurrency: a key that cannot be evaluated fails the run") {
  EngineWorld world;
  const auto id =
      world.start(world.workflow(limited("{ key: \"${{ .inputs.key | error }}\" }")), key("no"));
  CHECK(world.run(id).status == S::failed);
  CHECK_THAT(world.run(id).failure->message, Catch::Contains("no"));
}

TEST_CASE("concurrency: a sub-run waits for its turn, and a skipped one fails its step") {
  EngineWorld world;
  const auto child = world.workflow(limited("{ when_busy: skip }"), "child");
  const auto parent =
      world.workflow("on: { manual: {} }\nsteps: [ { id: sub, workflow: child } ]\n", "parent");
  const auto first = world.start(parent);
  const auto second = world.start(parent);
  CHECK(world.run(first).status == S::waiting);
  CHECK(world.run(second).status == S::failed);
  CHECK_THAT(world.run(second).failure->message, Catch::Contains("ended as skipped"));
}
