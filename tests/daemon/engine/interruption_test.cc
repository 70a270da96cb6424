#include <catch2/catch.hpp>

#include "tests/support/engine_world.h"

/// What becomes of a run of which somebody has to decide about a step, in all the places where that
/// step may be.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using engine::Engine;
using tests::EngineWorld;
using tests::is_lost;
using tests::succeeds;

const std::string kManual = "on: { manual: {} }\n";
const std::string kPost = "{ id: post, http: { method: POST, url: \"http://far.example/\" } }";

/// A step that succeeds by itself.
std::string set(const std::string& id) {
  return "{ id: " + id + ", set: { x: 1 } }";
}

void decide(EngineWorld& world, RunId id, Engine::Decision decision) {
  CHECK(world.await(world.engine().resume(id, "", decision, "ann")).has_value());
  world.settle();
}

}  // namespace

TEST_CASE("interrupted: what handles the end goes on, and the run has not failed by that") {
  EngineWorld world;
  world.runner.answer("post", is_lost());
  const auto list = GENERATE("on_success", "finally");
  const auto id = world.start(kManual + "steps: [ " + set("first") + " ]\n" + list + ": [ " +
                              kPost + ", " + set("last") + " ]\n");
  CHECK(world.run(id).status == RunStatus::interrupted);
  decide(world, id, Engine::Decision::skip);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.step(id, "last").status == StepStatus::succeeded);
}

TEST_CASE("interrupted: a failure that is being handled stays") {
  EngineWorld world;
  world.runner.answer("post", is_lost());
  const auto id = world.start(kManual + "steps: [ { id: no, fail: because } ]\non_failure: [ " +
                              kPost + " ]\n");
  CHECK(world.run(id).status == RunStatus::interrupted);
  decide(world, id, Engine::Decision::skip);
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->message == "because");
}

TEST_CASE("interrupted: a request to end ends what is done at the end, too") {
  EngineWorld world;
  world.runner.answer("post", is_lost());
  const auto id = world.start(kManual + "steps: [ " + set("first") + " ]\nfinally: [ " + kPost +
                              ", " + set("last") + " ]\n");
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.await(world.engine().cancel(id)).has_value());
  world.settle();
  CHECK(world.run(id).status == RunStatus::cancelled);
  CHECK(world.step(id, "post").status == StepStatus::cancelled);
}

TEST_CASE("interrupted: the other items of a loop are not done until somebody has decided") {
  EngineWorld world;
  world.runner.answer("loop[0]/post", is_lost());
  world.runner.answer("loop[1]/post", succeeds());
  const auto needs = GENERATE(std::string(), std::string("needs: post, "));
  const auto id =
      world.start(kManual +
                  "steps:\n  - parallel:\n"
                  "      left: [ { id: loop, for_each: [1, 2], max_parallel: 2, steps: [ " +
                  kPost + ", { id: after, " + needs +
                  "set: { x: \"${{ .item }}\" } } ] } ]\n"
                  "      right: [ { id: slow, http: { url: \"http://far.example/\" } } ]\n");
  CHECK(world.run(id).status == RunStatus::running);
  CHECK(world.step(id, "loop[0]/post").status == StepStatus::interrupted);
  CHECK(world.step(id, "loop").status == StepStatus::running);
  decide(world, id, Engine::Decision::skip);
  CHECK(world.step(id, "loop").result_json == R"({"body":[{"x":1},{"x":2}]})");
}

TEST_CASE("interrupted: where the time of what holds the steps is over, the run goes on") {
  EngineWorld world;
  world.runner.answer("post", is_lost());
  world.runner.answer("other", is_lost());
  const auto id = world.start(
      kManual +
      "steps:\n  - id: both\n    timeout: 1m\n    continue_on_error: true\n    parallel:\n"
      "      left: [ " +
      kPost + " ]\n      right: [ { id: other, run: [./tool] } ]\n  - " + set("last") + "\n");
  CHECK(world.run(id).status == RunStatus::interrupted);
  world.pass(2min);
  CHECK(world.step(id, "other").status == StepStatus::cancelled);
  CHECK(world.step(id, "both").status == StepStatus::failed);
  CHECK(world.step(id, "last").status == StepStatus::succeeded);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK_FALSE(world.run(id).failure);
}
