#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/delayed_store.h"
#include "tests/support/engine_world.h"
#include "tests/support/example_flows.h"

using namespace std::chrono_literals;
using tba::ErrorCode;
using tba::RunStatus;
using tba::StepStatus;
using tba::Value;
using tba::tests::answers;
using tba::tests::EngineWorld;
using tba::tests::kGetThenPost;
using tba::tests::kNap;
using tba::tests::succeeds;

// --- crashes -------------------------------------------------------------------------------------

TEST_CASE("engine: after a crash an attempt that may be repeated is, and what had ended is not") {
  EngineWorld world;
  world.runner.answer("get", succeeds());
  const auto id = world.start(R"(
on: { manual: {} }
steps:
  - { id: get, http: { url: "http://far.example/" } }
  - { id: put, http: { method: PUT, url: "http://far.example/" } }
)");
  CHECK(world.runner.attempts_of("put") == 1);
  world.runner.answer("put", succeeds());
  world.crash();
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.runner.attempts_of("get") == 1);
  CHECK(world.runner.attempts_of("put") == 2);
  CHECK(world.step(id, "put").attempt == 2);
  CHECK(world.log(id) == std::vector<std::string>{"attempt 1 was cut off and is repeated"});
}

TEST_CASE("engine: after a crash a once attempt in flight interrupts its run") {
  EngineWorld world;
  world.runner.answer("get", succeeds());
  const auto id = world.start(kGetThenPost);
  CHECK(world.runner.attempts_of("post") == 1);
  world.crash();
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.step(id, "post").status == StepStatus::interrupted);
  world.crash();
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.runner.attempts_of("post") == 1);
}

TEST_CASE("engine: a wait outlives a crash, and its time") {
  EngineWorld world;
  const auto early = world.start(kNap);
  const auto late = world.start(kNap);
  world.crash(false);
  world.clock.advance(30min);
  world.await(world.engine().start()).value();
  world.settle();
  CHECK(world.run(early).status == RunStatus::waiting);
  world.pass(30min);
  CHECK(world.run(early).status == RunStatus::succeeded);
  CHECK(world.run(late).status == RunStatus::succeeded);
}

TEST_CASE("engine: a retry that waits outlives a crash") {
  EngineWorld world;
  world.runner.answer("get", answers(503));
  const auto id = world.start(R"(
on: { manual: {} }
steps:
  - { id: get, http: { url: "http://far.example/" }, retry: { attempts: 3, initial: 1m, jitter: false } }
)");
  world.crash();
  CHECK(world.runner.attempts_of("get") == 1);
  world.runner.hang("get");
  world.runner.answer("get", answers(200));
  world.pass(1min);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.step(id, "get").attempt == 2);
}

TEST_CASE("engine: a run goes on with the version it began with") {
  EngineWorld world;
  const auto id = world.start(
      "name: flow\non: { manual: {} }\nsteps:\n"
      "  - { id: nap, wait: { for: 1h } }\n"
      "  - { id: after, set: { version: old } }\n");
  world.workflow(
      "name: flow\non: { manual: {} }\nsteps:\n  - { id: other, set: { version: new } }\n");
  world.crash();
  world.pass(1h);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.step(id, "after").result_json == R"({"body":{"version":"old"}})");
}

TEST_CASE("engine: env and earlier results are the same after a crash") {
  EngineWorld world;
  const auto id = world.start(R"(
on: { manual: {} }
env: { GREETING: "Hello ${{ .run.id | length }}" }
steps:
  - { id: before, set: { n: 9007199254740993 } }
  - { id: nap, wait: { for: 1h } }
output: "${{ [.env.GREETING, .steps.before.body.n, .trigger.kind] }}"
)");
  world.crash();
  world.pass(1h);
  CHECK(world.run(id).output_json == R"(["Hello 36",9007199254740993,"manual"])");
}

// --- cancelling ----------------------------------------------------------------------------------

TEST_CASE("engine: a run that goes on has only those results read that its expressions read") {
  EngineWorld world;
  const auto start_and_crash = [&](const std::string& reader, const std::string& damaged) {
    world.runner.answer("get", succeeds(Value::object({{"body", Value::string("kept")}})));
    world.runner.answer("skip", succeeds(Value::object({{"body", Value::string("unread")}})));
    const auto id = world.start(R"(
on: { manual: {} }
steps:
  - { id: get, http: { url: "http://far.example/" } }
  - { id: skip, http: { url: "http://far.example/" } }
  - { id: nap, wait: { for: 1h } }
  - { id: last, set: { a: ")" + reader +
                                R"(" } }
output: "${{ .steps.last.body.a }}"
)");
    CHECK(world.run(id).status == RunStatus::waiting);
    world.damage_result(id, damaged);
    world.crash();
    world.pass(1h);
    return world.run(id);
  };
  CHECK(start_and_crash("${{ .steps.get.body }}", "skip").output_json == "\"kept\"");
  CHECK(start_and_crash("${{ .steps.get.body }} ${{ .steps.skip.outcome }}", "skip").output_json ==
        "\"kept succeeded\"");
  for (const auto* reader : {"${{ .steps.skip.body }}", "${{ .steps.skip | length }}",
                             "${{ .steps | length }}", "${{ . | length }}"}) {
    CAPTURE(reader);
    const auto run = start_and_crash(reader, "skip");
    CHECK(run.status == RunStatus::interrupted);
    CHECK(run.failure->kind == "internal");
  }
}

TEST_CASE("engine: cancelling ends an attempt in flight and the run") {
  EngineWorld world;
  const auto id = world.start(kGetThenPost);
  CHECK(world.await(world.engine().cancel(id)).value() == RunStatus::running);
  world.settle();
  CHECK(world.run(id).status == RunStatus::cancelled);
  CHECK(world.step(id, "get").status == StepStatus::cancelled);
  CHECK(world.engine().statistics().active == 0);
}

TEST_CASE("engine: a run that waits, or was interrupted, can be cancelled") {
  EngineWorld world;
  const auto waiting = world.start(kNap);
  world.runner.answer("get", succeeds());
  const auto interrupted = world.start(kGetThenPost);
  world.crash();
  REQUIRE(world.run(interrupted).status == RunStatus::interrupted);
  for (const auto id : {waiting, interrupted}) {
    world.await(world.engine().cancel(id)).value();
    world.settle();
    CHECK(world.run(id).status == RunStatus::cancelled);
  }
  world.pass(2h);
  CHECK(world.run(waiting).status == RunStatus::cancelled);
}

TEST_CASE("engine: a run that is over, or unknown, cannot be cancelled") {
  EngineWorld world;
  const auto id = world.start("on: { manual: {} }\nsteps: [ { set: { a: 1 } } ]\n");
  CHECK(world.await(world.engine().cancel(id)).error().code == ErrorCode::conflict);
  CHECK(world.await(world.engine().cancel(world.ids.next<tba::RunId>())).error().code ==
        ErrorCode::not_found);
}

TEST_CASE(
    "engine: an attempt that takes its time to end is told once, and stores nothing meanwhile") {
  EngineWorld world;
  world.runner.stubborn = true;
  const auto id = world.start("timeout: 1m\n" + kGetThenPost);
  world.pass(1min);
  const auto before = world.store().statistics();
  world.pass(1h);
  CHECK(world.store().statistics().changes == before.changes);
  CHECK(world.runner.cancellations == 1);
  world.runner.let_go();
  world.settle();
  CHECK(world.run(id).failure->kind == "timeout");
}

TEST_CASE("engine: what handles a failure may take longer than the run might have") {
  EngineWorld world;
  world.runner.answer("get", answers(404));
  const auto id = world.start("timeout: 1m\n" + kGetThenPost + R"(
on_failure:
  - { id: nap, wait: { for: 1h } }
  - { id: tell, set: { reached: "${{ .steps.post.outcome }}" } }
)");
  const auto before = world.store().statistics();
  world.pass(1h - 1s);
  CHECK(world.store().statistics().changes == before.changes);
  world.pass(1s);
  CHECK(world.run(id).failure->kind == "http_status");
  CHECK(world.step(id, "tell").result_json == R"({"body":{"reached":null}})");
}

TEST_CASE("engine: an interrupted run says why") {
  EngineWorld world;
  world.runner.answer("get", succeeds());
  const auto id = world.start(kGetThenPost);
  world.crash();
  CHECK(world.run(id).failure->kind == "interrupted");
  CHECK(world.run(id).failure->step == "post");
  CHECK(world.step(id, "post").finished_at);
}

TEST_CASE("engine: a run can be cancelled as soon as it can be read") {
  EngineWorld world;
  const auto executor = world.io().get_executor();
  tba::tests::DelayedStore store(world.store(), executor);
  tba::tests::FakeAlarm alarm;
  const auto log = tba::daemon::Log::silent();
  tba::engine::Engine engine({executor,
                              store,
                              world.definitions(),
                              world.clock,
                              world.random,
                              world.ids,
                              alarm,
                              world.runner,
                              world.feed(),
                              *log,
                              world.vars,
                              world.budget,
                              {},
                              {}});
  tba::engine::Admission admission;
  admission.starts.push_back(world.new_start(world.workflow(kGetThenPost)));
  const auto id = admission.starts.front().id;
  store.hold();
  boost::asio::co_spawn(world.io(), engine.admit(std::move(admission)),
                        [](std::exception_ptr, auto) {});
  world.settle();
  REQUIRE(world.run(id).status == RunStatus::running);
  std::optional<RunStatus> status;
  boost::asio::co_spawn(world.io(), engine.cancel(id),
                        [&](std::exception_ptr, auto told) { status = told.value(); });
  world.settle();
  store.release();
  world.settle();
  CHECK(status == RunStatus::running);
  CHECK(world.run(id).status == RunStatus::cancelled);
  CHECK(world.step(id, "get").status == StepStatus::cancelled);
  CHECK(world.runner.cancellations == 1);
  CHECK(engine.statistics().active == 0);
}

// --- admission -----------------------------------------------------------------------------------

TEST_CASE("engine: a delivery that comes twice starts its runs once") {
  EngineWorld world;
  const auto definition = world.workflow(kNap);
  const auto admission = [&] {
    tba::engine::Admission made;
    made.delivery.emplace();
    made.delivery->id = world.ids.next<tba::DeliveryId>();
    made.delivery->path = "nap";
    made.delivery->workflow = "nap";
    made.delivery->sender_id = "guid-1";
    made.delivery->headers_json = made.delivery->query_json = "{}";
    made.delivery->body = R"({"n":1})";
    made.starts.push_back(world.new_start(definition, "webhook"));
    made.starts.back().delivery = made.delivery->id;
    return made;
  };
  const auto first = world.await(world.engine().admit(admission())).value();
  const auto second = world.await(world.engine().admit(admission())).value();
  const auto runs = std::get<tba::engine::Admitted>(first).runs;
  CHECK(std::get<tba::engine::AlreadyAdmitted>(second).runs == runs);
  world.crash();
  world.pass(1h);
  CHECK(world.run(runs.at(0)).status == RunStatus::succeeded);
}

TEST_CASE("engine: a slot starts one run") {
  EngineWorld world;
  const auto definition = world.workflow(kNap);
  const auto admission = [&] {
    tba::engine::Admission made;
    made.slot = tba::storage::ScheduleSlot{"nap/0", world.clock.now()};
    made.starts.push_back(world.new_start(definition, "schedule"));
    return made;
  };
  CHECK(std::holds_alternative<tba::engine::Admitted>(
      world.await(world.engine().admit(admission())).value()));
  CHECK(std::holds_alternative<tba::engine::SlotTaken>(
      world.await(world.engine().admit(admission())).value()));
  CHECK(world.await(world.store().runs({}, {})).value().items.size() == 1);
}

// --- stopping ------------------------------------------------------------------------------------

TEST_CASE("engine: stopping lets attempts end, begins none, and admits nothing") {
  EngineWorld world;
  const auto definition = world.workflow(kGetThenPost);
  bool stopped = false;
  world.runner.answer_with("get", [&](const tba::engine::Attempt&) {
    boost::asio::co_spawn(world.io(), world.engine().stop(1h),
                          [&](std::exception_ptr) { stopped = true; });
    world.io().poll_one();
    return succeeds();
  });
  const auto id = world.start(definition);
  world.settle();
  CHECK(stopped);
  CHECK(world.step(id, "get").status == StepStatus::succeeded);
  CHECK(world.run(id).status == RunStatus::running);
  CHECK(world.runner.attempts_of("post") == 0);
  tba::engine::Admission admission;
  CHECK(world.await(world.engine().admit(admission)).error().code == ErrorCode::unavailable);

  world.runner.answer("post", succeeds());
  world.crash();
  CHECK(world.run(id).status == RunStatus::succeeded);
}

TEST_CASE("engine: what is being admitted is begun before stopping is over") {
  EngineWorld world;
  const auto definition = world.workflow(kGetThenPost);
  tba::engine::Admission admission;
  admission.starts.push_back(world.new_start(definition));
  const auto id = admission.starts.front().id;
  world.runner.answer("get", succeeds());
  bool admitted = false;
  bool stopped = false;
  auto admitting = world.engine().admit(std::move(admission));
  boost::asio::co_spawn(world.io(), std::move(admitting),
                        [&](std::exception_ptr, auto) { admitted = !stopped; });
  world.io().restart();
  world.io().poll_one();
  boost::asio::co_spawn(world.io(), world.engine().stop(1h),
                        [&](std::exception_ptr) { stopped = true; });
  world.settle();
  CHECK(admitted);
  CHECK(stopped);
  CHECK(world.step(id, "get").status == StepStatus::succeeded);
}

TEST_CASE("engine: an attempt that outlasts the grace is left as if the daemon had died") {
  EngineWorld world;
  const auto id = world.start(kGetThenPost);
  world.await(world.engine().stop(0s));
  CHECK(world.step(id, "get").status == StepStatus::running);
  world.runner.answer("get", succeeds());
  world.runner.answer("post", succeeds());
  world.crash();
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.runner.attempts_of("get") == 2);
}

// --- watching ------------------------------------------------------------------------------------

TEST_CASE("engine: who watches a run hears what was stored of it") {
  EngineWorld world;
  const auto id = world.start(kNap);
  const auto watcher = world.feed().watch(id, world.io().get_executor());
  world.pass(1h);
  const auto news = world.await(watcher->next());
  CHECK_FALSE(news.missed_some);
  REQUIRE(news.writes.size() == 3);
  CHECK(std::get<tba::storage::UpdateRun>(news.writes[0]).run.status == RunStatus::succeeded);
  CHECK(std::get<tba::storage::PutStep>(news.writes[2]).step.key == "after");
}

TEST_CASE("engine: a watcher that is too slow is told that it missed some") {
  EngineWorld world;
  const auto id = world.ids.next<tba::RunId>();
  const auto watcher = world.feed().watch(id, world.io().get_executor());
  for (int i = 0; i < 1001; ++i) world.feed().publish(id, {tba::storage::AppendLog{}});
  CHECK(world.await(watcher->next()).missed_some);
  world.feed().publish(id, {tba::storage::AppendLog{}});
  CHECK(world.await(watcher->next()).writes.size() == 1);
}

TEST_CASE("engine: a run is watched until its last watcher goes") {
  EngineWorld world;
  const auto id = world.ids.next<tba::RunId>();
  auto first = world.feed().watch(id, world.io().get_executor());
  auto second = world.feed().watch(id, world.io().get_executor());
  first.reset();
  CHECK(world.feed().is_watched(id));
  second.reset();
  CHECK_FALSE(world.feed().is_watched(id));
}
