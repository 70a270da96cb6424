#include <catch2/catch.hpp>

#include "shared/connector_catalog.h"
#include "shared/time_format.h"
#include "shared/value/json.h"
#include "tests/support/engine_world.h"

/// Steps that wait for somebody else: events, approvals, other workflows; and what need not be done
/// again.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using engine::Engine;
using tests::answers;
using tests::EngineWorld;
using tests::succeeds;

const std::string kManual = "on: { manual: {} }\n";

void emit(EngineWorld& world, const std::string& name, const std::string& data) {
  engine::Admission admission;
  storage::Event event;
  event.id = world.ids.next<EventId>();
  event.at = world.clock.now();
  event.name = name;
  event.data_json = data;
  admission.event = std::move(event);
  CHECK(world.await(world.engine().admit(std::move(admission))).has_value());
}

Result<> decide(EngineWorld& world, RunId id, bool approved, const std::string& by,
                const std::string& step = "") {
  auto result = world.await(world.engine().decide(id, step, {approved, by, "well"}));
  world.settle();
  return result;
}

}  // namespace

// --- instants ------------------------------------------------------------------------------------

TEST_CASE("wait: until an instant, given as text or as seconds") {
  EngineWorld world;
  const auto soon = format_time(world.clock.now() + 1h);
  const auto id = world.start(kManual + "env: { soon: \"" + soon + "\" }\nsteps:\n" +
                              "  - wait: { until: \"${{ .env.soon }}\" }\n" +
                              "  - wait: { until: \"${{ (.env.soon | fromdate? // 0) + 1 }}\" }\n" +
                              "  - wait: { until: " + soon + " }\n");
  world.pass(59min);
  CHECK(world.run(id).status == RunStatus::waiting);
  world.pass(2min);
  CHECK(world.run(id).status == RunStatus::succeeded);
}

TEST_CASE("wait: what is no instant fails the step") {
  EngineWorld world;
  const auto id = world.start(kManual + "steps: [ { wait: { until: \"${{ [1] }}\" } } ]\n");
  CHECK(world.run(id).failure->message ==
        "[1] is no time such as 2026-01-31T09:00:00Z (RFC 3339 with an offset, or seconds since "
        "1970)");
}

// --- events --------------------------------------------------------------------------------------

TEST_CASE("wait: for the event that matches") {
  EngineWorld world;
  const auto id = world.start(R"(
on: { manual: {} }
inputs: { order: { type: integer } }
steps:
  - id: paid
    wait: { event: "orders.${{ \"paid\" }}", match: "${{ .event.body.order == .inputs.order }}" }
    timeout: 2d
output: ${{ .steps.paid.body }}
)",
                              Value::object({{"order", Value::integer(7)}}));
  CHECK(world.run(id).status == RunStatus::waiting);
  emit(world, "orders.paid", R"({"order":6})");
  emit(world, "orders.made", R"({"order":7})");
  world.settle();
  CHECK(world.run(id).status == RunStatus::waiting);
  SECTION("at once") {
    emit(world, "orders.paid", R"({"order":7,"by":"ann"})");
    world.settle();
  }
  SECTION("across a crash before it is heard of") {
    emit(world, "orders.paid", R"({"order":7,"by":"ann"})");
    world.crash();
  }
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.run(id).output_json == R"({"order":7,"by":"ann"})");
  CHECK(world.await(world.store().signals(id)).value().empty());
  emit(world, "orders.paid", R"({"order":7})");
  CHECK(world.await(world.store().signals(id)).value().empty());
}

TEST_CASE("wait: an event that does not come in time fails the step") {
  EngineWorld world;
  const auto id =
      world.start(kManual + "steps: [ { id: ev, timeout: 1h, wait: { event: never } } ]\n");
  world.crash();
  world.pass(1h);
  CHECK(world.run(id).failure == storage::Failure{"timeout", "nothing came within 1h", "ev"});
  emit(world, "never", "1");
  CHECK(world.await(world.store().signals(id)).value().empty());
}

TEST_CASE("wait: a name that is none, and a match that decides nothing, fail the step") {
  EngineWorld world;
  const auto named =
      world.start(kManual + "steps: [ { wait: { event: \"${{ \\\"a b\\\" }}\" } } ]\n");
  CHECK_THAT(world.run(named).failure->message, Catch::Contains("is not the name of an event"));
  const auto matched =
      world.start(kManual + "steps: [ { wait: { event: e, match: \"${{ .event.body.x }}\" } } ]\n");
  emit(world, "e", R"({"x":3})");
  world.settle();
  CHECK_THAT(world.run(matched).failure->message, Catch::Contains("'match' gave number (3)"));
}

// --- approvals -----------------------------------------------------------------------------------

TEST_CASE("approval: somebody who may decides") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - id: ask
    wait: { approval: { by: [ann, ben], message: "ship it?" } }
    timeout: 2d
output: ${{ .steps.ask.body | [.by, .comment] }}
)");
  CHECK(world.run(id).status == RunStatus::waiting);
  const auto stranger = decide(world, id, true, "eve");
  CHECK(stranger.error().code == ErrorCode::denied);
  CHECK(decide(world, id, true, "ann", "other").error().code == ErrorCode::conflict);
  world.crash();
  SECTION("yes") {
    CHECK(decide(world, id, true, "ann").has_value());
    CHECK(world.run(id).status == RunStatus::succeeded);
    CHECK(world.run(id).output_json == R"(["ann","well"])");
    CHECK(world.log(id).back() == "approved by ann");
  }
  SECTION("no") {
    CHECK(decide(world, id, false, "ben", "ask").has_value());
    CHECK(world.run(id).failure == storage::Failure{"rejected", "rejected by ben: well", "ask"});
  }
  SECTION("too late") {
    world.pass(48h);
    CHECK(world.run(id).failure->kind == "timeout");
    CHECK(decide(world, id, true, "ann").error().code == ErrorCode::conflict);
  }
}

TEST_CASE("approval: of several that wait one must be named") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - parallel:
      a: [ { id: one, wait: { approval: {} } } ]
      b: [ { id: two, wait: { approval: {} } } ]
)");
  CHECK(decide(world, id, true, "").error().hint == "say which one: one, two");
  CHECK(decide(world, id, true, "", "two").has_value());
  CHECK(world.run(id).status == RunStatus::waiting);
  CHECK(decide(world, id, true, "").has_value());
  CHECK(world.run(id).status == RunStatus::succeeded);
}

TEST_CASE("approval: a run that waits for none says so") {
  EngineWorld world;
  const auto id = world.start(kManual + "steps: [ { wait: { for: 1h } } ]\n");
  CHECK(decide(world, id, true, "").error().message ==
        "run " + id.text() + " does not wait for an approval");
  CHECK(decide(world, world.ids.next<RunId>(), true, "").error().code == ErrorCode::not_found);
}

// --- sub-runs ------------------------------------------------------------------------------------

namespace {

const std::string kChild = R"(
on: { manual: {} }
inputs: { n: { type: integer } }
steps: [ { id: get, http: { url: "http://far.example/" } } ]
output: { n: "${{ .inputs.n }}", got: "${{ .steps.get.body }}" }
)";

const std::string kParent = kManual + R"(
steps: [ { id: sub, workflow: child, with: { n: 3 } } ]
output: ${{ .steps.sub.body }}
)";

RunId child_of(EngineWorld& world, RunId id) {
  return world.await(world.store().children(id)).value().at(0).id;
}

}  // namespace

TEST_CASE("workflow: a sub-run is made with the step that waits for it") {
  EngineWorld world;
  (void)world.workflow(kChild, "child");
  const auto id = world.start(world.workflow(kParent, "parent"));
  const auto child = child_of(world, id);
  CHECK(world.run(child).status == RunStatus::running);
  CHECK(world.run(child).parent_step == "sub");
  CHECK(world.run(id).status == RunStatus::waiting);
  world.runner.answer("get", succeeds(Value::object({{"body", Value::string("x")}})));
  world.crash();
  CHECK(world.run(child).status == RunStatus::succeeded);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.run(id).output_json == R"({"n":3,"got":"x"})");
  CHECK(world.await(world.store().signals(id)).value().empty());
}

TEST_CASE("workflow: a sub-run that fails fails its step") {
  EngineWorld world;
  (void)world.workflow(kChild, "child");
  world.runner.answer("get", answers(400));
  const auto id = world.start(world.workflow(kParent, "parent"));
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->message ==
        "run " + child_of(world, id).text() + " ended as failed: answered 400");
}

TEST_CASE("workflow: a sub-run ends with its parent") {
  EngineWorld world;
  (void)world.workflow(kChild, "child");
  const auto id = world.start(world.workflow(kParent, "parent"));
  CHECK(world.await(world.engine().cancel(id)).has_value());
  world.settle();
  CHECK(world.run(child_of(world, id)).status == RunStatus::cancelled);
  CHECK(world.run(id).status == RunStatus::cancelled);
  CHECK(world.step(id, "sub").status == StepStatus::cancelled);
}

TEST_CASE("workflow: a sub-run that takes too long is ended") {
  EngineWorld world;
  (void)world.workflow(kChild, "child");
  const auto id = world.start(world.workflow(
      kManual + "steps: [ { id: sub, timeout: 1m, workflow: child, with: { n: 3 } } ]\n",
      "parent"));
  world.pass(1min);
  CHECK(world.run(child_of(world, id)).status == RunStatus::cancelled);
  CHECK(world.run(id).failure == storage::Failure{"timeout", "took longer than 1m", "sub"});
}

TEST_CASE("workflow: what cannot be run fails the step") {
  EngineWorld world;
  const auto unknown = world.start(world.workflow(kParent, "parent"));
  CHECK(world.run(unknown).failure ==
        storage::Failure{"workflow", "there is no workflow 'child'", "sub"});
  (void)world.workflow(kChild, "child");
  const auto inputs = world.start(world.workflow(
      kManual + "steps: [ { id: sub, workflow: child, with: { m: 3 } } ]\n", "other"));
  CHECK_THAT(world.run(inputs).failure->message, Catch::Contains("input 'n' is missing"));
  const auto itself =
      world.start(world.workflow(kManual + "steps: [ { id: sub, workflow: deep } ]\n", "deep"));
  CHECK_THAT(world.run(itself).failure->message,
             Catch::Contains("workflows run each other more than 16 deep"));
}

// --- results that are used again -----------------------------------------------------------------

TEST_CASE("cache: a result is used again for its key and its time") {
  EngineWorld world;
  world.runner.answer("get", succeeds(Value::object({{"body", Value::string("x")}})));
  const auto definition = world.workflow(R"(
on: { manual: {} }
inputs: { of: { type: string } }
steps:
  - id: get
    http: { url: "http://far.example/" }
    cache: { key: "${{ .inputs.of }}", for: 1h }
output: ${{ .steps.get.body }}
)");
  const auto start = [&](const char* of) {
    const auto id = world.start(definition, Value::object({{"of", Value::string(of)}}));
    CHECK(world.run(id).output_json == "\"x\"");
    return world.runner.attempts_of("get");
  };
  CHECK(start("a") == 1);
  CHECK(start("a") == 1);
  CHECK(start("b") == 2);
  world.pass(61min);
  CHECK(start("a") == 3);
}

TEST_CASE("cache: what failed is not kept") {
  EngineWorld world;
  world.runner.answer("get", answers(500));
  const auto definition = world.workflow(kManual +
                                         "steps: [ { id: get, http: { url: \"http://far.example/\" "
                                         "}, cache: { key: 1, for: 1h } } ]\n");
  (void)world.start(definition);
  (void)world.start(definition);
  CHECK(world.runner.attempts_of("get") == 2);
}

// --- notifications -------------------------------------------------------------------------------

TEST_CASE("notify: a target is told by the endpoint that the configuration names") {
  EngineWorld world;
  auto catalog = built_in_connectors();
  engine::NotifyTarget target;
  target.connector = catalog.find("discord");
  target.endpoint = "create-message";
  target.credential = "bot";
  target.with = expression::Mapping::constant(Value::object({{"channel_id", Value::string("1")}}));
  world.notify_targets.emplace("officers", std::move(target));
  world.crash();
  world.runner.answer("tell", answers(200));
  const auto id =
      world.start(kManual + "steps: [ { id: tell, notify: officers, with: { text: hi } } ]\n");
  CHECK(world.run(id).status == RunStatus::succeeded);
  const auto& attempt = world.runner.attempts.at(0);
  CHECK(attempt.credential == "bot");
  CHECK(std::get<engine::EndpointCall>(attempt.request).endpoint == "create-message");
  const auto unknown = world.start(kManual + "steps: [ { notify: nobody } ]\n");
  CHECK_THAT(world.run(unknown).failure->message,
             Catch::Contains("there is no target 'nobody' to notify"));
}

// --- in time ------------------------------------------------------------------------------------

TEST_CASE("approval: one that came in time counts though the daemon died before it was heard") {
  EngineWorld world;
  const auto others =
      GENERATE(std::string(), std::string("http: { url: \"http://far.example/\" }"));
  const std::string wait = "[ { id: may, wait: { approval: {} }, timeout: 1h } ]";
  const auto id =
      world.start(kManual + "steps:\n  - parallel:\n      left: " + wait +
                  (others.empty() ? "\n" : "\n      right: [ { id: slow, " + others + " } ]\n"));
  world.crash(false);
  storage::Signal signal;
  signal.id = world.ids.next<SignalId>();
  signal.run = id;
  signal.at = world.clock.now();
  signal.kind = "approval";
  signal.step = "may";
  signal.data_json = R"({"approved":true})";
  CHECK(world.await(world.store().submit({{storage::AddSignal{signal}}})).has_value());
  world.clock.advance(2h);
  world.crash();
  CHECK(world.step(id, "may").status == StepStatus::succeeded);
  CHECK(world.await(world.store().signals(id)).value().empty());
}

TEST_CASE("event: every step that waited in time hears it, however late the daemon comes back") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(steps:
  - parallel:
      left: [ { id: one, wait: { event: pong }, timeout: 1h } ]
      right: [ { id: two, wait: { event: pong }, timeout: 1h } ]
)");
  world.crash(false);
  const storage::Event pong{world.ids.next<EventId>(), world.clock.now(), "pong", "test", "{}"};
  CHECK(world.await(world.store().submit({{storage::AddEvent{pong}}})).has_value());
  world.clock.advance(2h);
  world.crash();
  CHECK(world.step(id, "one").status == StepStatus::succeeded);
  CHECK(world.step(id, "two").status == StepStatus::succeeded);
}
