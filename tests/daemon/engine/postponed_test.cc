#include <catch2/catch.hpp>

#include "tests/support/engine_world.h"

/// Attempts that a limit of an API does not let be made yet.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using tests::EngineWorld;
using tests::succeeds;

engine::AttemptOutcome not_before(Instant turn) {
  engine::AttemptOutcome outcome;
  outcome.failure = storage::Failure{"rate_limit", "it was called often enough", ""};
  outcome.certainly_not_acted = true;
  outcome.not_before = turn;
  return outcome;
}

constexpr auto kPost = R"(
on: { manual: {} }
steps: [ { id: post, http: { method: POST, url: "http://far.example/" }, effect: once } ]
)";

}  // namespace

TEST_CASE("postponed: an attempt is made at its turn, and counts only then") {
  EngineWorld world;
  world.runner.answer("post", not_before(world.clock.now() + 1h));
  world.runner.answer("post", not_before(world.clock.now() + 2h));
  world.runner.answer("post", succeeds());
  const auto id = world.start(kPost);
  CHECK(world.run(id).status == RunStatus::waiting);
  CHECK(world.step(id, "post").attempt == 0);
  REQUIRE(world.log(id).size() == 1);
  CHECK(world.log(id)[0] == "waits for 1h: it was called often enough");

  world.pass(1h);
  CHECK(world.runner.attempts_of("post") == 2);
  CHECK(world.runner.attempts[0].number == 1);
  CHECK(world.runner.attempts[1].number == 1);
  world.crash();
  CHECK(world.runner.attempts_of("post") == 2);
  world.pass(1h);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.step(id, "post").attempt == 1);
}

TEST_CASE("postponed: a run whose time is over while it waits says for what") {
  EngineWorld world;
  world.runner.answer("post", not_before(world.clock.now() + 1h));
  const auto id = world.start(std::string("timeout: 10m") + kPost);
  world.pass(10min);
  REQUIRE(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->message ==
        "the run passed its timeout while step 'post' waited: it was called often enough");
  CHECK(world.runner.attempts_of("post") == 1);
}

TEST_CASE("postponed: a short wait is not worth a line, and a cancelled run does not wait") {
  EngineWorld world;
  world.runner.answer("post", not_before(world.clock.now() + 5s));
  const auto id = world.start(kPost);
  CHECK(world.log(id).empty());
  REQUIRE(world.await(world.engine().cancel(id)).has_value());
  world.settle();
  CHECK(world.run(id).status == RunStatus::cancelled);
  world.pass(1min);
  CHECK(world.runner.attempts_of("post") == 1);
}
