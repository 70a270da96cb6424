#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/engine_world.h"

/// Steps that hold others: branches, loops, choices, graphs, and what follows the steps.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using tests::answers;
using tests::EngineWorld;
using tests::is_lost;
using tests::succeeds;

const std::string kManual = "on: { manual: {} }\n";

std::string result(EngineWorld& world, RunId id, const std::string& step) {
  return world.step(id, step).result_json;
}

std::string output(EngineWorld& world, RunId id) {
  return world.run(id).output_json;
}

/// A request step, as one line of a flow sequence.
std::string request(const std::string& id, const std::string& keys = "") {
  return "{ id: " + id + ", http: { url: \"http://far.example/\" }" + keys + " }";
}

engine::AttemptOutcome gives(const std::string& body) {
  return succeeds(Value::object({{"body", Value::string(body)}}));
}

engine::AttemptOutcome gives_number(std::int64_t body) {
  return succeeds(Value::object({{"body", Value::integer(body)}}));
}

}  // namespace

// --- parallel ------------------------------------------------------------------------------------

TEST_CASE("parallel: branches go on beside each other, and leave their results by name") {
  EngineWorld world;
  const auto id =
      world.start(kManual + "steps:\n  - id: both\n    parallel:\n" + "      left: [ " +
                  request("a") + ", " + request("b") + " ]\n" + "      right: [ " + request("c") +
                  ", { set: { x: 1 } } ]\n" + "output: ${{ .steps.both.body }}\n");
  CHECK(world.run(id).status == RunStatus::running);
  CHECK(world.runner.attempts_of("a") == 1);
  CHECK(world.runner.attempts_of("c") == 1);
  CHECK(world.runner.attempts_of("b") == 0);
  world.crash();
  world.runner.answer("a", gives("A"));
  world.runner.answer("b", gives("B"));
  world.runner.answer("c", gives("C"));
  world.crash();
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(output(world, id) == R"({"left":"B","right":{"x":1}})");
}

TEST_CASE("parallel: a branch that fails keeps the others from beginning more") {
  EngineWorld world;
  world.runner.answer("a", answers(400));
  const auto id = world.start(kManual + "steps:\n  - id: both\n    parallel:\n" + "      slow: [ " +
                              request("s") + ", " + request("never") + " ]\n" +
                              "      nap: [ { id: nap, wait: { for: 1h } } ]\n" + "      bad: [ " +
                              request("a") + " ]\n");
  CHECK(world.run(id).status == RunStatus::running);
  CHECK(world.step(id, "nap").status == StepStatus::cancelled);
  CHECK(world.step(id, "s").status == StepStatus::running);
  CHECK(world.runner.cancellations == 0);
  world.crash();
  CHECK(world.step(id, "s").status == StepStatus::cancelled);  // cut off, and not begun again
  CHECK(world.step(id, "both").status == StepStatus::failed);
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->step == "a");
  CHECK(world.runner.attempts_of("never") == 0);
}

TEST_CASE("parallel: a timeout stops what is in flight") {
  EngineWorld world;
  const auto id = world.start(kManual + "steps:\n  - id: both\n    timeout: 5m\n    parallel:\n" +
                              "      a: [ " + request("a") + " ]\n" +
                              "      b: [ { id: nap, wait: { for: 1h } } ]\n");
  world.pass(4min);
  CHECK(world.run(id).status == RunStatus::running);
  world.pass(1min);
  CHECK(world.runner.cancellations == 1);
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->kind == "timeout");
  CHECK(world.run(id).failure->message == "took longer than 5m");
  CHECK(world.step(id, "nap").status == StepStatus::cancelled);
}

TEST_CASE("parallel: continue_on_error keeps a failure to its step") {
  EngineWorld world;
  world.runner.answer("a", answers(400));
  const auto id = world.start(
      kManual + "steps:\n  - parallel:\n      x: [ " + request("a", ", continue_on_error: true") +
      ", { id: then, set: { y: \"${{ "
      ".steps.a.error.message }}\" } } ]\noutput: ${{ .steps.then.body.y }}\n");
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(output(world, id) == "\"answered 400\"");
}

// --- for_each ------------------------------------------------------------------------------------

TEST_CASE("for_each: each item is worked on, and the results are in order") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - id: all
    for_each: ${{ [3, 1, 2] }}
    steps:
      - id: twice
        set: { n: "${{ .item * 2 }}" }
      - set: { at: "${{ .index }}", n: "${{ .steps.twice.body.n }}" }
        output: ${{ [.index, .steps.twice.body.n] }}
output: ${{ .steps.all.body }}
)");
  CHECK(output(world, id) == "[[0,6],[1,2],[2,4]]");
  CHECK(result(world, id, "all[1]/twice") == R"({"body":{"n":2}})");
}

TEST_CASE("for_each: no more items are in flight than it says, and each is done once") {
  EngineWorld world;
  const auto id =
      world.start(kManual + "steps:\n  - id: all\n    for_each: \"${{ [range(5)] }}\"\n" +
                  "    max_parallel: 2\n    steps: [ " + request("get") + " ]\n" +
                  "output: ${{ .steps.all.body }}\n");
  CHECK(world.runner.attempts.size() == 2);
  CHECK(world.run(id).status == RunStatus::running);
  for (int i = 0; i < 5; ++i) {
    world.runner.answer_with("all[" + std::to_string(i) + "]/get",
                             [i](const engine::Attempt&) { return gives_number(i * i); });
  }
  world.crash();
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(output(world, id) == "[0,1,4,9,16]");
  CHECK(world.runner.attempts.size() == 7);  // two were cut off and repeated
}

TEST_CASE("for_each: many items need neither many changes in one commit nor much time") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - id: all
    for_each: ${{ [range(1000)] }}
    max_parallel: 3
    steps: [ { set: { n: "${{ .item + 1 }}" } } ]
output: ${{ [.steps.all.body[].n] | add }}
)");
  world.pass(1s);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(output(world, id) == "500500");
}

TEST_CASE("for_each: loops are done in loops, and in branches") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - id: rows
    for_each: ${{ [[1, 2], [3]] }}
    max_parallel: 2
    steps:
      - id: row
        set: { at: "${{ .index }}" }
      - id: cells
        for_each: ${{ .item }}
        steps:
          - parallel:
              cell:
                - set: { cell: "${{ [.steps.row.body.at, .index, .item] }}" }
                  output: ${{ [.steps.row.body.at, .index, .item] }}
output: ${{ .steps.rows.body }}
)");
  CHECK(output(world, id) == R"([[{"cell":[0,0,1]},{"cell":[0,1,2]}],[{"cell":[1,0,3]}]])");
}

TEST_CASE("for_each: what a crash leaves of a loop goes on") {
  EngineWorld world;
  const auto definition = world.workflow(kManual + R"(
steps:
  - id: all
    for_each: ${{ [10, 20, 30] }}
    max_parallel: 2
    steps:
      - id: nap
        wait: { for: "${{ .item }}m" }
      - set: { item: "${{ .item }}" }
output: ${{ [.steps.all.body[].item] }}
)");
  const auto id = world.start(definition);
  world.crash();
  world.pass(10min);
  CHECK(world.step(id, "all[0]/nap").status == StepStatus::succeeded);
  world.crash();
  CHECK(world.step(id, "all[2]/nap").status == StepStatus::waiting);
  world.pass(29min);
  CHECK(world.run(id).status == RunStatus::waiting);
  world.pass(1min);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(output(world, id) == "[10,20,30]");
}

TEST_CASE("for_each: an item that fails ends the loop when those in flight have ended") {
  EngineWorld world;
  world.runner.answer("all[0]/get", answers(400));
  const auto id = world.start(kManual + "steps:\n  - id: all\n    for_each: [1, 2, 3]\n" +
                              "    max_parallel: 2\n    steps: [ " + request("get") + " ]\n" +
                              "on_failure: [ { set: { why: \"${{ .error.step }}\" } } ]\n");
  CHECK(world.run(id).status == RunStatus::running);
  world.runner.answer("all[1]/get", gives("x"));
  world.crash();
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->step == "all[0]/get");
  CHECK(world.runner.attempts_of("all[2]/get") == 0);
}

TEST_CASE("for_each: only an array has items") {
  EngineWorld world;
  const auto id = world.start(
      kManual +
      "steps: [ { id: all, for_each: \"${{ {a: 1} }}\", steps: [ { set: { x: 1 } } ] } ]\n");
  CHECK_THAT(world.run(id).failure->message,
             Catch::Contains("'for_each' gave object ({\"a\":1}), not an array (to_entries makes"));
}

TEST_CASE("for_each: of no items nothing is left") {
  EngineWorld world;
  const auto id = world.start(kManual +
                              "steps: [ { id: all, for_each: [], steps: [ { set: { x: 1 } } ] } ]\n"
                              "output: ${{ .steps.all.body }}\n");
  CHECK(output(world, id) == "[]");
}

// --- choose --------------------------------------------------------------------------------------

TEST_CASE("choose: the first choice that holds is carried out, and no other") {
  EngineWorld world;
  const auto definition = world.workflow(R"(
on: { manual: {} }
inputs: { n: { type: integer } }
steps:
  - id: way
    choose:
      - when: ${{ .inputs.n > 10 }}
        steps: [ { id: big, set: { size: big } } ]
      - when: ${{ .inputs.n > 5 }}
        steps: [ { id: middle, set: { size: middle } } ]
      - else: [ { id: small, set: { size: small } } ]
output: { way: "${{ .steps.way.body.size }}", small: "${{ .steps.small.outcome }}" }
)");
  const auto with = [&](std::int64_t n) {
    return output(world, world.start(definition, Value::object({{"n", Value::integer(n)}})));
  };
  CHECK(with(11) == R"({"way":"big","small":null})");
  CHECK(with(6) == R"({"way":"middle","small":null})");
  CHECK(with(1) == R"({"way":"small","small":"succeeded"})");
}

TEST_CASE("choose: without a choice that holds nothing is done") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - id: way
    choose: [ { when: false, steps: [ { id: never, set: { x: 1 } } ] } ]
output: ${{ [.steps.way.outcome, .steps.way.body, .steps.never.body] }}
)");
  CHECK(output(world, id) == R"(["succeeded",null,null])");
}

TEST_CASE("choose: a condition that is no boolean fails the step") {
  EngineWorld world;
  const auto definition = world.workflow(R"(
on: { manual: {} }
inputs: { any: {} }
steps: [ { choose: [ { when: "${{ .inputs.any }}", steps: [ { set: { x: 1 } } ] } ] } ]
)");
  const auto id = world.start(definition, Value::object({{"any", Value::string("yes")}}));
  CHECK_THAT(world.run(id).failure->message, Catch::Contains("'when' gave string (\"yes\")"));
}

// --- graphs --------------------------------------------------------------------------------------

TEST_CASE("needs: steps begin once those they need are done") {
  EngineWorld world;
  const auto id = world.start(kManual + "steps:\n  - " + request("last", ", needs: [left, right]") +
                              "\n  - " + request("left", ", needs: first") + "\n  - " +
                              request("right", ", needs: first") + "\n  - " + request("first") +
                              "\n  - " + request("apart") + "\n");
  CHECK(world.runner.attempts_of("first") == 1);
  CHECK(world.runner.attempts_of("apart") == 1);
  CHECK(world.runner.attempts.size() == 2);
  world.runner.answer("first", gives("1"));
  world.runner.answer("left", gives("2"));
  world.crash();
  CHECK(world.runner.attempts_of("left") == 1);
  CHECK(world.runner.attempts_of("right") == 1);
  CHECK(world.runner.attempts_of("last") == 0);
  for (const auto* step : {"right", "apart", "last"}) world.runner.answer(step, gives("3"));
  world.crash();
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.runner.attempts_of("first") == 2);
  CHECK(world.runner.attempts_of("last") == 1);
}

TEST_CASE("needs: a failure keeps what has not begun from beginning") {
  EngineWorld world;
  world.runner.answer("bad", answers(400));
  const auto id = world.start(kManual + "steps:\n  - { id: nap, wait: { for: 1h } }\n  - " +
                              request("bad") + "\n  - " + request("after", ", needs: nap") + "\n");
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.step(id, "nap").status == StepStatus::cancelled);
  CHECK(world.runner.attempts_of("after") == 0);
}

TEST_CASE("needs: a failure keeps what stands before it from beginning more") {
  EngineWorld world;
  const auto id = world.start(
      kManual + "steps:\n  - id: both\n    parallel:\n      left: [ " + request("slow") + ", " +
      request("never") + " ]\n      right: [ { id: nap, wait: { for: 1h } }, " + request("nor") +
      " ]\n  - " + request("first") + "\n  - " + request("bad", ", needs: first") + "\n");
  world.runner.answer("first", gives("x"));
  world.runner.answer("bad", answers(400));
  world.crash();
  CHECK(world.run(id).status == RunStatus::running);  // until the other one has ended
  CHECK(world.step(id, "nap").status == StepStatus::cancelled);
  world.crash();
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.runner.attempts_of("never") == 0);
  CHECK(world.runner.attempts_of("nor") == 0);
}

TEST_CASE("needs: a step that was skipped, or may fail, counts as done") {
  EngineWorld world;
  world.runner.answer("bad", answers(400));
  world.runner.answer("after", gives("x"));
  const auto id = world.start(kManual + "steps:\n  - { id: no, if: false, set: { x: 1 } }\n  - " +
                              request("bad", ", continue_on_error: true") + "\n  - " +
                              request("after", ", needs: [no, bad]") + "\n");
  CHECK(world.run(id).status == RunStatus::succeeded);
}

TEST_CASE("needs: what handles the end goes on whatever fails in it") {
  EngineWorld world;
  world.runner.answer("bad", answers(400));
  const auto id = world.start(kManual + "steps: [ { set: { x: 1 } } ]\nfinally:\n  - " +
                              request("bad") + "\n  - { id: after, needs: bad, set: { x: 1 } }\n");
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.step(id, "after").status == StepStatus::succeeded);
}

// --- what follows the steps ----------------------------------------------------------------------

TEST_CASE("finally: is done however the run went") {
  EngineWorld world;
  const auto definition = world.workflow(kManual + "steps: [ " + request("get") + " ]\n" + R"(
on_success: [ { id: glad, set: { x: 1 } } ]
on_failure: [ { id: sad, set: { x: "${{ .error.message }}" } } ]
finally:
  - id: end
    set: { glad: "${{ .steps.glad.outcome }}", sad: "${{ .steps.sad.outcome }}", error: "${{ .error.kind? }}" }
)");
  SECTION("well") {
    world.runner.answer("get", gives("x"));
    const auto id = world.start(definition);
    CHECK(world.run(id).status == RunStatus::succeeded);
    CHECK(result(world, id, "end") == R"({"body":{"glad":"succeeded","sad":null,"error":null}})");
  }
  SECTION("badly") {
    world.runner.answer("get", answers(400));
    const auto id = world.start(definition);
    CHECK(world.run(id).status == RunStatus::failed);
    CHECK(result(world, id, "end") ==
          R"({"body":{"glad":null,"sad":"succeeded","error":"http_status"}})");
  }
  SECTION("to no end") {
    const auto id = world.start(definition);
    CHECK(world.await(world.engine().cancel(id)).has_value());
    world.settle();
    CHECK(world.run(id).status == RunStatus::cancelled);
    CHECK(result(world, id, "end") == R"({"body":{"glad":null,"sad":null,"error":null}})");
  }
}

TEST_CASE("finally: a second request to end cuts it short") {
  EngineWorld world;
  const auto id = world.start(kManual + "steps: [ " + request("get") + " ]\nfinally: [ " +
                              request("clean") + ", " + request("more") + " ]\n");
  const auto cancel = [&] {
    CHECK(world.await(world.engine().cancel(id)).has_value());
    world.settle();
  };
  cancel();
  CHECK(world.runner.attempts_of("clean") == 1);
  CHECK(world.run(id).status == RunStatus::running);
  world.crash();
  CHECK(world.run(id).status == RunStatus::running);
  cancel();
  CHECK(world.run(id).status == RunStatus::cancelled);
  CHECK(world.runner.attempts_of("more") == 0);
}

TEST_CASE("fail: ends the run with what it says") {
  EngineWorld world;
  const auto id = world.start(
      kManual + "env: { n: 3 }\nsteps: [ { id: no, fail: \"not ${{ .env.n }} times\" } ]\n");
  CHECK(world.run(id).failure == storage::Failure{"fail", "not 3 times", "no"});
}

// --- interruption --------------------------------------------------------------------------------

TEST_CASE("interrupted: nothing begins beside it, and what is in flight may end") {
  EngineWorld world;
  world.runner.answer("post", is_lost());
  const auto id = world.start(
      kManual +
      "steps:\n  - parallel:\n      a: [ { id: post, http: { method: POST, url: "
      "\"http://far.example/\" } }, " +
      request("later") + " ]\n      b: [ " + request("get") + ", " + request("next") + " ]\n");
  CHECK(world.run(id).status == RunStatus::running);
  world.runner.answer("get", gives("x"));
  world.crash();
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.step(id, "get").status == StepStatus::waiting);  // cut off, and not begun again yet
  CHECK(world.runner.attempts_of("next") == 0);

  world.runner.answer("post", gives("x"));
  world.runner.answer("later", gives("x"));
  world.runner.answer("next", gives("x"));
  const auto decide = [&](engine::Engine::Decision decision) {
    CHECK(world.await(world.engine().resume(id, "", decision, "ann")).has_value());
    world.settle();
  };
  SECTION("repeat") {
    world.runner.hang("post");
    world.runner.answer("post", gives("x"));
    decide(engine::Engine::Decision::repeat);
    CHECK(world.run(id).status == RunStatus::succeeded);
    CHECK_FALSE(world.run(id).failure);
    CHECK(world.step(id, "post").attempt == 2);
    CHECK(world.log(id).back() == "resumed by ann with --repeat");
  }
  SECTION("skip") {
    decide(engine::Engine::Decision::skip);
    CHECK(world.run(id).status == RunStatus::succeeded);
    CHECK(world.step(id, "post").status == StepStatus::skipped);
  }
  SECTION("fail") {
    decide(engine::Engine::Decision::fail);
    CHECK(world.run(id).status == RunStatus::failed);
    CHECK(world.run(id).failure->step == "post");
    CHECK(world.runner.attempts_of("next") == 0);
  }
  SECTION("of another step") {
    const auto refused =
        world.await(world.engine().resume(id, "get", engine::Engine::Decision::skip, ""));
    CHECK(refused.error().message == "step 'get' of run " + id.text() + " was not interrupted");
  }
}

TEST_CASE("interrupted: the run's time stands still") {
  EngineWorld world;
  world.runner.answer("post", is_lost());
  const auto id = world.start(kManual +
                              "timeout: 1h\nsteps: [ { id: post, http: { method: POST, url: "
                              "\"http://far.example/\" } }, { id: nap, wait: { for: 50m } } ]\n");
  world.pass(5h);
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.await(world.engine().resume(id, "post", engine::Engine::Decision::skip, ""))
            .has_value());
  world.settle();
  CHECK(world.run(id).status == RunStatus::waiting);
  world.pass(50min);
  CHECK(world.run(id).status == RunStatus::succeeded);
}
