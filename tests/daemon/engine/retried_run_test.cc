#include "daemon/engine/retried_run.h"

#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/engine_world.h"
#include "tests/support/github.h"

/// Runs that are tried anew.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using engine::RetryRequest;
using tests::answers;
using tests::EngineWorld;
using tests::succeeds;

constexpr auto kThree = R"(
on: { manual: {} }
inputs: { name: { type: string, default: Ada } }
retry: { attempts: 1 }
steps:
  - id: first
    http: { url: "http://localhost/first" }
  - id: branches
    choose:
      - when: ${{ true }}
        steps: [ { id: inner, set: { n: 1 } } ]
  - id: second
    http: { url: "http://localhost/${{ .steps.first.body.n }}/${{ .steps.inner.body.n }}/${{ .inputs.name }}" }
  - id: third
    http: { url: "http://localhost/third" }
output: { n: "${{ .steps.first.body.n }}" }
on_failure: [ { id: tell, set: { x: 1 } } ]
)";

Value body(int n) {
  return Value::object({{"status", Value::integer(200)},
                        {"headers", Value::object({})},
                        {"body", Value::object({{"n", Value::integer(n)}})}});
}

/// A run of the workflow that failed at its second step.
struct Failed {
  explicit Failed(const std::string& text = kThree) {
    world.runner.answer("first", succeeds(body(7)));
    world.runner.answer("second", answers(500));
    world.runner.answer("third", succeeds());
    id = world.start(text, Value::object({{"name", Value::string("Grace")}}));
    REQUIRE(world.run(id).status == RunStatus::failed);
    world.runner.hang("second");
    world.runner.answer("second", succeeds());
  }

  Result<RunId> retry(const RetryRequest& request) {
    auto made = world.await(world.engine().retry(id, request));
    world.settle();
    return made;
  }
  std::vector<std::string> attempted() {
    std::vector<std::string> steps;
    for (const auto& attempt : world.runner.attempts) steps.push_back(attempt.step);
    return steps;
  }
  std::string last_url(const std::string& step) {
    std::string url;
    for (const auto& attempt : world.runner.attempts) {
      if (attempt.step == step) url = std::get<engine::RawRequest>(attempt.request).url;
    }
    return url;
  }

  EngineWorld world;
  RunId id;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("run retry: a new run does all of it again, with the same inputs, and is linked") {
  Failed failed;
  auto& world = failed.world;
  const auto made = failed.retry({"", false, "ada"}).value();
  CHECK(made != failed.id);
  const auto run = world.run(made);
  CHECK(run.status == RunStatus::succeeded);
  CHECK(run.retry_of == failed.id);
  CHECK(run.trigger_kind == "manual");
  CHECK(run.inputs_json == R"({"name":"Grace"})");
  CHECK(run.trigger_json == world.run(failed.id).trigger_json);
  CHECK(world.log(made).at(0) == "a retry of run " + failed.id.text() + ", asked for by ada");
  CHECK(failed.attempted() == Names{"first", "second", "first", "second", "third"});
  CHECK(world.run(failed.id).status == RunStatus::failed);
}

TEST_CASE("run retry: from a step, the results before it are taken over, also across a crash") {
  Failed failed;
  auto& world = failed.world;
  world.runner.hang("third");
  const auto made = failed.retry({"second", false, ""}).value();
  CHECK(failed.attempted() == Names{"first", "second", "second", "third"});
  CHECK(failed.last_url("second") == "http://localhost/7/1/Grace");
  world.runner.answer("third", succeeds());
  world.crash();
  CHECK(world.run(made).status == RunStatus::succeeded);
  CHECK(world.run(made).output_json == R"({"n":7})");
  Names keys;
  for (const auto& step : world.steps(made)) keys.push_back(step.key);
  CHECK(keys == Names{"first", "branches", "inner", "second", "third"});
  CHECK(world.log(made).at(0) == "a retry of run " + failed.id.text() + " from step 'second'");
  CHECK(world.run(failed.id).status == RunStatus::failed);
}

TEST_CASE("run retry: what did not end well before the step is done again") {
  Failed failed;
  const auto made = failed.retry({"third", false, ""}).value();
  CHECK(failed.world.run(made).status == RunStatus::succeeded);
  CHECK(failed.attempted() == Names{"first", "second", "second", "third"});
}

TEST_CASE("run retry: in a graph, what does not need the step is taken over") {
  Failed failed(R"(
on: { manual: {} }
inputs: { name: { type: string, default: Ada } }
retry: { attempts: 1 }
steps:
  - { id: first, http: { url: "http://localhost/" } }
  - { id: aside, set: { x: 1 } }
  - { id: second, needs: [ first ], http: { url: "http://localhost/" } }
  - { id: third, needs: [ second, aside ], http: { url: "http://localhost/" } }
)");
  const auto made = failed.retry({"second", false, ""}).value();
  CHECK(failed.world.run(made).status == RunStatus::succeeded);
  CHECK(failed.attempted() == Names{"first", "second", "second", "third"});
  CHECK(failed.world.step(made, "aside").started_at ==
        failed.world.step(failed.id, "aside").started_at);
}

TEST_CASE("run retry: a step that is not there, or that no run begins with, is an error") {
  Failed failed;
  const auto message = [&](const std::string& from) {
    const auto made = failed.retry({from, false, ""});
    REQUIRE_FALSE(made.has_value());
    return made.error().message + " | " + made.error().hint;
  };
  CHECK_THAT(message("secnd"), Contains("has no step 'secnd' (did you mean 'second'?)"));
  CHECK_THAT(message("inner"), Contains("is held by step 'branches' | begin from 'branches'"));
  CHECK_THAT(message("tell"), Contains("is not among the workflow's `steps`"));
}

TEST_CASE("run retry: only what is over, and is known, can be tried anew") {
  EngineWorld world;
  const auto retry = [&](RunId id) { return world.await(world.engine().retry(id, {})); };
  CHECK(retry(RunId()).error().code == ErrorCode::not_found);
  const auto waiting = world.start("on: { manual: {} }\nsteps: [ { wait: { for: 1h } } ]\n");
  const auto refused = retry(waiting);
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK_THAT(refused.error().message, Contains("is not over: it is waiting"));
}

TEST_CASE("run retry: with the latest version of the workflow, if it takes the inputs") {
  Failed failed;
  auto& world = failed.world;
  const std::string changed(kThree);
  world.workflow("on: { manual: {} }\ninputs: { name: { type: integer } }\nsteps: [ { set: {} } ]");
  const auto refused = failed.retry({"", true, ""});
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK_THAT(refused.error().message, Contains("input 'name' is of type string, not integer"));

  world.workflow("on: { manual: {} }\ninputs: { who: { type: string } }\nsteps: [ { set: {} } ]\n");
  const auto missing = failed.retry({"", true, ""});
  CHECK(missing.error().code == ErrorCode::invalid);
  CHECK_THAT(missing.error().message, Contains("input 'who' is missing"));

  world.workflow(
      "on: { manual: {} }\ninputs: { other: { type: integer, default: 3 } }\n"
      "steps: [ { set: {} } ]\noutput: \"${{ .inputs }}\"");
  const auto made = failed.retry({"", true, ""}).value();
  CHECK(world.run(made).status == RunStatus::succeeded);
  CHECK(world.run(made).output_json == R"({"other":3})");
  CHECK(world.run(made).version != world.run(failed.id).version);
}

TEST_CASE("run retry: a version that is not understood any more can be retried with the latest") {
  EngineWorld world;
  auto workflow = *world.workflow("on: { manual: {} }\nsteps: [ { set: { x: 1 } } ]\n")->workflow;
  workflow.text = "steps: { of: another time }\n";
  const auto old = engine::define(std::move(workflow), {});
  REQUIRE(world.await(world.definitions().keep({old})).has_value());
  const auto id = world.start(old);
  world.crash();
  const auto retry = [&](bool latest) {
    return world.await(world.engine().retry(id, {"", latest, ""}));
  };
  CHECK(retry(false).error().code == ErrorCode::internal);
  CHECK(world.run(retry(true).value()).retry_of == id);
}

TEST_CASE("run retry: what loops, branches and failures that could be have left is taken over") {
  EngineWorld world;
  world.runner.answer("get", answers(500));
  const auto definition = world.workflow(R"(
on: { manual: {} }
retry: { attempts: 1 }
steps:
  - { id: may-fail, continue_on_error: true, http: { url: "http://localhost/" } }
  - id: each
    for_each: ${{ [1, 2, 3] }}
    steps: [ { id: double, set: { n: "${{ .item * 2 }}" } } ]
  - id: both
    parallel:
      left: [ { id: l, set: { v: 1 } } ]
      right: [ { id: r, set: { v: 2 } } ]
  - { id: get, http: { url: "http://localhost/" } }
output:
  each: ${{ .steps.each.body }}
  both: ${{ .steps.both.body }}
  left: ${{ .steps.l.body }}
  failed: ${{ .steps["may-fail"].outcome }}
)");
  world.runner.answer("may-fail", answers(500));
  const auto id = world.start(definition);
  REQUIRE(world.run(id).status == RunStatus::failed);
  world.runner.hang("get");
  const auto made = world.await(world.engine().retry(id, {"get", false, ""})).value();
  world.settle();
  world.runner.answer("get", succeeds());
  world.crash();
  CHECK(world.run(made).status == RunStatus::succeeded);
  CHECK(world.run(made).output_json ==
        R"({"each":[{"n":2},{"n":4},{"n":6}],"both":{"left":{"v":1},"right":{"v":2}},)"
        R"("left":{"v":1},"failed":"failed"})");
  CHECK(world.runner.attempts_of("may-fail") == 1);
}

TEST_CASE("run retry: what a delivery started needs that delivery") {
  Failed failed;
  auto& world = failed.world;
  auto start = world.new_start(world.workflow(kThree), "webhook");
  start.delivery = world.ids.next<DeliveryId>();
  const auto id = start.id;
  engine::Admission admission;
  admission.starts.push_back(std::move(start));
  REQUIRE(world.await(world.engine().admit(std::move(admission))).has_value());
  world.settle();
  REQUIRE(is_final(world.run(id).status));
  const auto refused = world.await(world.engine().retry(id, {}));
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK_THAT(refused.error().message, Contains("is no longer kept"));
}
