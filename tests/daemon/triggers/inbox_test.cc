#include "daemon/triggers/inbox.h"

#include <catch2/catch.hpp>

#include "tests/support/check_problem.h"
#include "tests/support/daemon_world.h"

using Catch::Matchers::Contains;
using tba::tests::check_problem;
using tba::tests::DaemonWorld;
using tba::tests::Reply;

namespace {

std::string hook(const std::string& trigger) {
  return "on: { webhook: { verify: none" + trigger + " } }\n" +
         "steps: [ { id: note, set: { seen: '${{ .trigger.body.a }}' } } ]\n";
}

/// A daemon with the workflow "taker", and one delivery to it.
struct World : DaemonWorld {
  explicit World(const std::string& trigger = "") {
    workflow("taker", hook(trigger));
    const auto reply = post("/hooks/taker", R"({"a": 7})");
    id = reply.at("delivery").as_string();
  }

  Reply replay(const std::string& body = {}) {
    return post("/api/v1/deliveries/" + id + "/replay", body);
  }
  Reply delivery() { return get("/api/v1/deliveries/" + id); }

  std::string id;
};

}  // namespace

TEST_CASE("inbox: a replay starts a new run from the delivery that was kept") {
  World world;
  const auto reply = world.replay();
  REQUIRE(reply.status == 201);
  CHECK(reply.json("workflow") == R"("taker")");
  REQUIRE(reply.at("runs").size() == 1);
  const auto run = world.get("/api/v1/runs/" + std::string(reply.at("runs.0").as_string()));
  CHECK(run.json("trigger") == R"("replay")");
  CHECK(run.json("trigger_context.kind") == R"("webhook")");
  CHECK(run.json("steps.0.result.body") == R"({"seen":7})");
  CHECK(run.at("delivery").as_string() == world.id);
  CHECK(world.delivery().json("status") == R"("replayed")");
  CHECK(world.delivery().at("runs").size() == 2);
  CHECK(world.replay().status == 201);
  CHECK(world.delivery().at("runs").size() == 3);
}

TEST_CASE("inbox: what nothing took can be replayed once the file is mended") {
  World world(", match: '${{ .trigger.body.a == 8 }}'");
  CHECK(world.delivery().json("status") == R"("unmatched")");
  const auto refused = world.replay();
  check_problem(refused, 409, "conflict");
  CHECK(refused.json("detail") ==
        R"("workflow 'taker' does not take this delivery: `match` gave false")");
  world.workflow("taker", hook(", match: '${{ .trigger.body.a == 7 }}'"));
  CHECK(world.replay().status == 201);
  CHECK(world.delivery().json("status") == R"("replayed")");
  CHECK(world.delivery().json("reason") == R"("`match` gave false")");
}

TEST_CASE("inbox: a named workflow takes it, whatever its path") {
  World world;
  world.workflow("other", hook(", path: elsewhere"));
  const auto reply = world.replay(R"({"workflow": "other"})");
  REQUIRE(reply.status == 201);
  CHECK(world.get("/api/v1/runs/latest").json("workflow") == R"("other")");
  world.workflow("by-hand", "on: { manual: {} }\nsteps: [ { set: { a: 1 } } ]\n");
  const auto refused = world.replay(R"({"workflow": "by-hand"})");
  check_problem(refused, 409, "conflict");
  CHECK_THAT(refused.text, Contains("it has no webhook"));
}

TEST_CASE("inbox: without the workflow that has its path one must be named") {
  World world;
  std::filesystem::remove(world.engine.folder / "workflows/taker.yaml");
  world.workflow("other", hook(", path: elsewhere"));
  const auto refused = world.replay();
  check_problem(refused, 409, "conflict");
  CHECK_THAT(refused.text, Contains("no workflow has the webhook path 'taker' any more"));
  CHECK(world.replay(R"({"workflow": "other"})").status == 201);
}

TEST_CASE("inbox: what cannot be replayed says why, and starts nothing") {
  World world;
  check_problem(world.post("/api/v1/deliveries/nonsense/replay"), 404, "not_found");
  check_problem(world.post("/api/v1/deliveries/01932c07-209c-7b6e-9f4c-0123456789ab/replay"), 404,
                "not_found");
  const auto unknown = world.replay(R"({"workflow": "takr"})");
  check_problem(unknown, 404, "not_found");
  CHECK_THAT(unknown.text, Contains("did you mean 'taker'?"));
  check_problem(world.replay(R"({"workflow": 7})"), 400, "invalid");
  check_problem(world.replay(R"({"wrkflow": "taker"})"), 400, "invalid");
  world.workflow("taker", R"(
on: { webhook: { verify: none } }
steps: [ { call: github/get-authenticated-user, credential: bot } ]
)");
  check_problem(world.replay(), 503, "unavailable");
  world.engine.await(world.engine.engine().stop(std::chrono::milliseconds(0)));
  world.workflow("taker", hook(""));
  check_problem(world.replay(), 503, "unavailable");
  CHECK(world.get("/api/v1/runs").at("items").size() == 1);
}
