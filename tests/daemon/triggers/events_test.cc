#include "daemon/triggers/events.h"

#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/check_problem.h"
#include "tests/support/daemon_world.h"

using Catch::Matchers::Contains;
using tba::RunStatus;
using tba::tests::check_problem;
using tba::tests::DaemonWorld;
using tba::tests::Reply;

namespace {

std::string listener(const std::string& trigger) {
  return "on: { event: { " + trigger + " } }\n" +
         "steps: [ { id: note, set: { trigger: '${{ .trigger }}' } } ]\n";
}

Reply emit(DaemonWorld& world, const std::string& name, const std::string& data = "null") {
  return world.post("/api/v1/events", R"({"name": ")" + name + R"(", "data": )" + data + "}");
}

tba::storage::Run ended(const std::string& workflow, RunStatus status, int depth = 0) {
  tba::storage::Run run;
  run.id = tba::RunId::parse("01932c07-209c-7b6e-9f4c-0123456789ab").value();
  run.workflow = workflow;
  run.status = status;
  run.depth = depth;
  if (status == RunStatus::failed) run.failure = tba::storage::Failure{"network", "refused", "get"};
  return run;
}

/// The workflows that the end of the run starts.
std::string started_by(DaemonWorld& world, const tba::storage::Run& run) {
  std::string names;
  for (const auto& start : world.event_starts().after(run).starts)
    names += (names.empty() ? "" : " ") + start.definition->workflow->name;
  return names;
}

}  // namespace

TEST_CASE("events: one that is emitted is stored with the runs that it starts") {
  DaemonWorld world;
  world.workflow("taker", listener("name: [orders.created, orders.paid]"));
  world.workflow("other", listener("name: orders"));
  const auto reply = emit(world, "orders.created", R"({"id": 7})");
  REQUIRE(reply.status == 201);
  CHECK(reply.json("name") == R"("orders.created")");
  REQUIRE(reply.at("runs").size() == 1);
  const auto run = world.get("/api/v1/runs/" + std::string(reply.at("runs.0").as_string()));
  CHECK(run.json("workflow") == R"("taker")");
  CHECK(run.json("trigger") == R"("event")");
  const auto trigger = run.at("steps.0.result.body.trigger");
  CHECK(trigger.find("kind")->as_string() == "event");
  CHECK(trigger.find("event")->as_string() == "orders.created");
  CHECK(tba::to_json(*trigger.find("body")) == R"({"id":7})");
  CHECK(*trigger.find("delivery_id") == reply.at("id"));
  CHECK(trigger.find("path")->is_null());

  CHECK(emit(world, "orders.paid").at("runs").size() == 1);
  const auto events = world.get("/api/v1/events");
  CHECK(events.json("items.0.name") == R"("orders.paid")");
  CHECK(events.at("items.1.id") == reply.at("id"));
  CHECK(events.json("items.1.data") == R"({"id":7})");
  CHECK(events.json("items.1.source") == R"("192.0.2.7:50122")");
  CHECK(world.get("/api/v1/events?name=orders.created").at("items").size() == 1);
}

TEST_CASE("events: `match` decides by the data, what nobody takes is stored all the same") {
  DaemonWorld world;
  world.workflow("taker", listener("name: n, match: '${{ .trigger.body.total > 10 }}'"));
  CHECK(emit(world, "n", R"({"total": 11})").at("runs").size() == 1);
  CHECK(emit(world, "n", R"({"total": 10})").at("runs").size() == 0);
  CHECK(emit(world, "n", R"({})").at("runs").size() == 0);
  CHECK(emit(world, "unheard-of").at("runs").size() == 0);
  CHECK(world.get("/api/v1/events").at("items").size() == 4);
}

TEST_CASE("events: what cannot be emitted says why, and is not stored") {
  DaemonWorld world;
  for (const auto* name : {"", "a b", "a..b", ".a", "a.", "\\u00e4"})
    check_problem(emit(world, name), 400, "invalid");
  for (const auto* name : {"run.failed", "run.anything", "daemon.x", "credential.needs_login"}) {
    const auto refused = emit(world, name);
    check_problem(refused, 400, "invalid");
    CHECK_THAT(refused.text, Contains("only the daemon itself raises"));
  }
  check_problem(world.post("/api/v1/events", R"({"name": 7})"), 400, "invalid");
  check_problem(world.post("/api/v1/events", R"({"nam": "a"})"), 400, "invalid");
  check_problem(emit(world, "n", '"' + std::string(300 << 10, 'x') + '"'), 422, "limit_exceeded");
  world.engine.await(world.engine.engine().stop(std::chrono::milliseconds(0)));
  check_problem(emit(world, "n"), 503, "unavailable");
  CHECK(world.get("/api/v1/events").at("items").size() == 0);
}

TEST_CASE("events: a held workflow is not started") {
  DaemonWorld world;
  world.workflow("taker", R"(
on: { event: { name: n } }
steps: [ { call: github/get-authenticated-user, credential: bot } ]
)");
  CHECK(emit(world, "n").at("runs").size() == 0);
  world.credential("bot", "token", "ghp_0123456789");
  CHECK(emit(world, "n").at("runs").size() == 1);
}

TEST_CASE("events: the end of a run starts those that ask for it") {
  DaemonWorld world;
  world.workflow("a", listener("name: run.failed"));
  world.workflow("b", listener("name: [run.failed, run.interrupted], workflow: x"));
  world.workflow(
      "c", listener("name: run.failed, match: '${{ .trigger.body.error.kind == \"network\" }}'"));
  world.workflow("d", listener("name: run.succeeded"));
  CHECK(started_by(world, ended("x", RunStatus::failed)) == "a b c");
  CHECK(started_by(world, ended("y", RunStatus::failed)) == "a c");
  CHECK(started_by(world, ended("x", RunStatus::interrupted)) == "b");
  CHECK(started_by(world, ended("x", RunStatus::succeeded)) == "d");
  CHECK(started_by(world, ended("x", RunStatus::cancelled)).empty());
}

TEST_CASE("events: the event of a run's end says which, and how it ended") {
  DaemonWorld world;
  const auto consequences = world.event_starts().after(ended("x", RunStatus::failed));
  REQUIRE(consequences.event);
  CHECK(consequences.event->name == "run.failed");
  CHECK(consequences.event->source == "run 01932c07-209c-7b6e-9f4c-0123456789ab");
  const auto data = tba::parse_json(consequences.event->data_json).value();
  CHECK(tba::tests::keys(data) == std::vector<std::string>{"run", "workflow", "status", "error",
                                                           "trigger", "created_at", "started_at",
                                                           "finished_at"});
  CHECK(tba::to_json(*data.find("error")) ==
        R"({"kind":"network","message":"refused","step":"get"})");
  CHECK(consequences.starts.empty());
}

TEST_CASE("events: a run that ended well is only told of where somebody asks for it") {
  DaemonWorld world;
  CHECK_FALSE(world.event_starts().after(ended("x", RunStatus::succeeded)).event);
  CHECK_FALSE(world.event_starts().after(ended("x", RunStatus::cancelled)).event);
  CHECK(world.event_starts().after(ended("x", RunStatus::interrupted)).event);
  world.workflow("taker", listener("name: run.succeeded, match: false"));
  CHECK(world.event_starts().after(ended("x", RunStatus::succeeded)).event);
}

TEST_CASE("events: no workflow starts itself by its end, and no chain of them is endless") {
  using tba::triggers::EventStarts;
  DaemonWorld world;
  world.workflow("a", listener("name: run.succeeded"));
  world.workflow("b", listener("name: run.succeeded"));
  CHECK(started_by(world, ended("a", RunStatus::succeeded)) == "b");
  const auto starts = world.event_starts().after(ended("a", RunStatus::succeeded, 3)).starts;
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].depth == 4);
  const int longest = EventStarts::kLongestChain;
  CHECK(started_by(world, ended("a", RunStatus::succeeded, longest - 1)) == "b");
  const auto last = world.event_starts().after(ended("a", RunStatus::succeeded, longest));
  CHECK(last.starts.empty());
  CHECK(last.event);
}

TEST_CASE("events: a credential that workflows need and cannot use is told of, once") {
  DaemonWorld world;
  world.workflow("taker", listener("name: credential.needs_login"));
  const std::string calls = R"(
on: { manual: {} }
steps: [ { call: github/get-authenticated-user, credential: bot } ]
)";
  world.workflow("one", calls);
  world.workflow("two", calls);
  world.engine.settle();
  const auto events = [&] { return world.get("/api/v1/events").at("items"); };
  REQUIRE(events().size() == 1);
  const auto data = *events().items()[0].find("data");
  CHECK(data.find("credential")->as_string() == "bot");
  CHECK_THAT(std::string(data.find("reason")->as_string()), Contains("'bot'"));
  CHECK(tba::to_json(*data.find("workflows")) == R"(["one"])");
  CHECK(world.get("/api/v1/runs/latest").json("workflow") == R"("taker")");
  world.credential("bot", "token", "ghp_0123456789");
  world.engine.settle();
  CHECK(events().size() == 1);
  world.call("DELETE", "/api/v1/credentials/bot");
  world.engine.settle();
  REQUIRE(events().size() == 2);
  CHECK(tba::to_json(*events().items()[0].find("data")->find("workflows")) == R"(["one","two"])");
}
