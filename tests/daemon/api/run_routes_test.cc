#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/check_problem.h"
#include "tests/support/daemon_world.h"
#include "tests/support/signed_delivery.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using tba::Value;
using tba::tests::answers;
using tba::tests::check_problem;
using tba::tests::DaemonWorld;
using tba::tests::keys;
using tba::tests::Reply;
using tba::tests::succeeds;

namespace {

using Names = std::vector<std::string>;

const std::string kGreet = R"(
on: { manual: {} }
inputs: { who: { type: string }, times: { type: integer, default: 2 } }
steps: [ { id: greet, name: Say hello, set: { text: "hello ${{ .inputs.who }}" } } ]
output: { said: "${{ .steps.greet.body.text }}" }
)";
const std::string kAsk = R"(
on: { manual: {} }
steps: [ { id: ask, http: { url: "http://far.example/" } } ]
)";
const std::string kNap = R"(
on: { manual: {} }
steps: [ { id: nap, wait: { for: 1h } } ]
)";
const std::string kHook = R"(
on: { webhook: { verify: none } }
steps: [ { set: { a: 1 } } ]
)";

struct World : DaemonWorld {
  /// Starts the workflow and gives the run's id.
  std::string start(const std::string& workflow, const std::string& body = "") {
    const auto reply = post("/api/v1/workflows/" + workflow + "/runs", body);
    REQUIRE(reply.status == 201);
    return std::string(reply.at("id").as_string());
  }
  Reply run(const std::string& id) { return get("/api/v1/runs/" + id); }

  /// A line in the run's log, which nobody who watches has been told of.
  tba::storage::LogLine log_line(const std::string& id, const std::string& text) {
    tba::storage::LogLine line;
    line.run = tba::RunId::parse(id).value();
    line.text = text;
    tba::storage::Change change;
    change.writes.emplace_back(tba::storage::AppendLog{line});
    (void)engine.await(engine.store().submit(std::move(change))).value();
    return line;
  }
};

/// The texts of the `log` events.
Names lines(const tba::tests::Watch& watch) {
  Names texts;
  for (std::size_t i = 0; i < watch.events.size(); ++i) {
    if (watch.events[i].name == "log") texts.emplace_back(watch.data(i).find("text")->as_string());
  }
  return texts;
}

}  // namespace

// --- starting ------------------------------------------------------------------------------------

TEST_CASE("api: a run started by hand is named with its place") {
  World world;
  world.workflow("greet", kGreet);
  const auto reply = world.post("/api/v1/workflows/greet/runs", R"({"inputs": {"who": "you"}})");
  CHECK(reply.status == 201);
  CHECK(reply.json("workflow") == R"("greet")");
  CHECK(reply.json("status") == R"("queued")");
  const auto place = reply.headers.find("Location");
  REQUIRE(place);
  const auto run = world.get(std::string(*place));
  CHECK(run.at("id") == reply.at("id"));
  CHECK(run.json("inputs") == R"({"who":"you","times":2})");
  CHECK(run.json("output") == R"({"said":"hello you"})");
}

TEST_CASE("api: inputs that do not fit start nothing") {
  World world;
  world.workflow("greet", kGreet);
  const auto start = [&](const std::string& body) {
    return world.post("/api/v1/workflows/greet/runs", body);
  };
  check_problem(start(""), 400, "invalid_inputs");
  check_problem(start("{}"), 400, "invalid_inputs");
  check_problem(start(R"({"inputs": []})"), 400, "invalid_inputs");
  check_problem(start(R"({"inputs": {"who": 1}})"), 400, "invalid_inputs");
  CHECK_THAT(std::string(start(R"({"inputs": {"hwo": "a"}})").at("detail").as_string()),
             Contains("did you mean 'who'?"));
  check_problem(start("{"), 400, "not_json");
  check_problem(start("[]"), 400, "invalid");
  const auto slip = start(R"({"input": {"who": "a"}})");
  check_problem(slip, 400, "invalid");
  CHECK_THAT(std::string(slip.at("detail").as_string()), Contains("did you mean 'inputs'?"));
  CHECK(world.get("/api/v1/runs").at("items").size() == 0);
}

TEST_CASE("api: only a workflow with a manual trigger, and not held, is started by hand") {
  World world;
  check_problem(world.post("/api/v1/workflows/greet/runs"), 404, "not_found");
  world.workflow("hook", kHook);
  check_problem(world.post("/api/v1/workflows/hook/runs"), 409, "no_manual_trigger");
  CHECK(world.post("/api/v1/workflows/hok/runs").at("detail").as_string() ==
        "there is no workflow 'hok' (did you mean 'hook'?)");
  world.workflow("held", R"(
on: { manual: {} }
steps: [ { call: github/get-authenticated-user, credential: bot } ]
)");
  check_problem(world.post("/api/v1/workflows/held/runs"), 503, "held");
  world.credential("bot", "token", "ghp_0123456789");
  CHECK(world.post("/api/v1/workflows/held/runs").status == 201);
}

TEST_CASE("api: while the engine stops no run is started") {
  World world;
  world.workflow("ask", kAsk);
  world.engine.await(world.engine.engine().stop(0ms));
  check_problem(world.post("/api/v1/workflows/ask/runs"), 503, "unavailable");
}

// --- showing -------------------------------------------------------------------------------------

TEST_CASE("api: a run is shown with its steps, whatever became of it") {
  World world;
  world.workflow("ask", kAsk);
  world.engine.runner.answer("ask", answers(500));
  const auto run = world.run(world.start("ask"));
  CHECK(keys(run.body) == Names{"id", "workflow", "status", "trigger", "created_at", "started_at",
                                "finished_at", "duration_ms", "wake_at", "failure", "inputs",
                                "trigger_context", "delivery", "parent", "retry_of", "output",
                                "version", "cancel_requested", "steps"});
  CHECK(run.json("status") == R"("failed")");
  CHECK(run.json("trigger") == R"("manual")");
  CHECK(run.json("created_at") == R"("2023-11-14T22:13:20.000Z")");
  CHECK(run.json("duration_ms") == "0");
  CHECK(run.json("failure") == R"({"kind":"http_status","message":"answered 500","step":"ask"})");
  CHECK(run.json("output") == "null");
  CHECK(run.json("trigger_context.kind") == R"("manual")");
  CHECK(run.at("version").as_string().size() == 64);
  const auto step = run.at("steps.0");
  CHECK(keys(step) == Names{"id", "kind", "title", "status", "attempt", "effect", "started_at",
                            "finished_at", "duration_ms", "due_at", "result", "failure"});
  CHECK(run.json("steps.0.id") == R"("ask")");
  CHECK(run.json("steps.0.kind") == R"("http")");
  CHECK(run.json("steps.0.effect") == R"("repeat")");
  CHECK(run.json("steps.0.result") == R"({"status":500})");
}

TEST_CASE("api: a waiting run says until when") {
  World world;
  world.workflow("nap", kNap);
  const auto run = world.run(world.start("nap"));
  CHECK(run.json("status") == R"("waiting")");
  CHECK(run.json("wake_at") == R"("2023-11-14T23:13:20.000Z")");
  CHECK(run.json("finished_at") == "null");
  CHECK(run.json("steps.0.due_at") == R"("2023-11-14T23:13:20.000Z")");
}

TEST_CASE("api: `latest` is the run made last") {
  World world;
  world.workflow("greet", kGreet);
  check_problem(world.run("latest"), 404, "not_found");
  (void)world.start("greet", R"({"inputs": {"who": "a"}})");
  world.engine.clock.advance(1s);
  const auto id = world.start("greet", R"({"inputs": {"who": "b"}})");
  CHECK(world.run("latest").at("id").as_string() == id);
  CHECK(world.get("/api/v1/runs/latest/logs").status == 200);
  check_problem(world.post("/api/v1/runs/latest/cancel"), 409, "conflict");
}

TEST_CASE("api: a run that is not there is 404 on each of its routes") {
  World world;
  for (const auto* id : {"nonsense", "01932c07-0000-7000-8000-000000000000"}) {
    const std::string path = std::string("/api/v1/runs/") + id;
    check_problem(world.get(path), 404, "not_found");
    check_problem(world.get(path + "/logs"), 404, "not_found");
    check_problem(world.get(path + "/events"), 404, "not_found");
    check_problem(world.post(path + "/cancel"), 404, "not_found");
  }
}

// --- lists ---------------------------------------------------------------------------------------

TEST_CASE("api: the list of runs is newest first, and goes on behind its cursor") {
  World world;
  world.workflow("greet", kGreet);
  Names made;
  for (int i = 0; i < 5; ++i) {
    world.engine.clock.advance(1s);
    made.insert(made.begin(), world.start("greet", R"({"inputs": {"who": "a"}})"));
  }
  Names listed;
  std::string cursor;
  for (int pages = 0; pages < 5; ++pages) {
    const auto page =
        world.get("/api/v1/runs?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    REQUIRE(page.status == 200);
    for (const auto& item : page.at("items").items())
      listed.emplace_back(item.find("id")->as_string());
    if (page.at("next").is_null()) break;
    cursor = page.at("next").as_string();
  }
  CHECK(listed == made);
  CHECK(keys(world.get("/api/v1/runs").at("items.0")) ==
        Names{"id", "workflow", "status", "trigger", "created_at", "started_at", "finished_at",
              "duration_ms", "wake_at", "failure"});
}

TEST_CASE("api: the list of runs takes filters") {
  World world;
  world.workflow("greet", kGreet);
  world.workflow("nap", kNap);
  world.workflow("hook", kHook);
  world.workflow("post", R"(
on: { manual: {} }
steps: [ { id: post, http: { method: POST, url: "http://far.example/" } } ]
)");
  world.engine.runner.answer("post", tba::tests::is_lost());
  (void)world.start("greet", R"({"inputs": {"who": "a"}})");
  (void)world.start("nap");
  (void)world.start("post");
  const auto delivery = std::string(world.post("/hooks/hook", "{}").at("delivery").as_string());
  const auto count = [&](const std::string& query) {
    return world.get("/api/v1/runs?" + query).at("items").size();
  };
  CHECK(count("") == 4);
  CHECK(count("workflow=greet") == 1);
  CHECK(count("workflow=nothing") == 0);
  CHECK(count("status=succeeded") == 2);
  CHECK(count("status=succeeded,waiting") == 3);
  CHECK(count("status=succeeded&workflow=hook") == 1);
  CHECK(count("attention=true") == 1);
  CHECK(count("attention=false") == 4);
  CHECK(count("delivery=" + delivery) == 1);
}

TEST_CASE("api: parameters of lists that make no sense are refused") {
  World world;
  for (const auto* query :
       {"limit=0", "limit=201", "limit=x", "limit=1x", "limit=-1", "limit=", "cursor=nonsense",
        "status=done", "status=", "delivery=nonsense", "worklfow=greet"}) {
    CAPTURE(query);
    check_problem(world.get(std::string("/api/v1/runs?") + query), 400, "invalid");
  }
  CHECK(world.get("/api/v1/runs?limit=200").status == 200);
  CHECK_THAT(std::string(world.get("/api/v1/runs?worklfow=greet").at("detail").as_string()),
             Contains("'worklfow'") && Contains("did you mean 'workflow'?"));
  check_problem(world.get("/api/v1/status?verbose=true"), 400, "invalid");
  CHECK(world.get("/healthz?from=balancer").status == 200);
}

// --- logs ----------------------------------------------------------------------------------------

TEST_CASE("api: a run's log has its lines in order, and goes on behind the last one seen") {
  World world;
  world.workflow("ask", kAsk);
  world.engine.runner.lines = {"one", "two", "three"};
  world.engine.runner.answer("ask", succeeds());
  const auto path = "/api/v1/runs/" + world.start("ask") + "/logs";
  const auto all = world.get(path);
  REQUIRE(all.at("items").size() == 3);
  CHECK(keys(all.at("items.0")) == Names{"sequence", "at", "step", "stream", "text"});
  CHECK(all.json("items.0.text") == R"("one")");
  CHECK(all.json("items.0.step") == R"("ask")");
  CHECK(all.json("items.0.stream") == R"("stdout")");
  CHECK(all.json("next") == "null");
  const auto rest = world.get(path + "?after=" + all.json("items.1.sequence"));
  CHECK(rest.at("items").size() == 1);
  CHECK(rest.json("items.0.text") == R"("three")");
  check_problem(world.get(path + "?after=x"), 400, "invalid");
}

TEST_CASE("api: a long log comes in pages") {
  World world;
  world.workflow("ask", kAsk);
  world.engine.runner.lines.assign(1500, "line");
  world.engine.runner.answer("ask", succeeds());
  const auto path = "/api/v1/runs/" + world.start("ask") + "/logs";
  auto page = world.get(path);
  CHECK(page.at("items").size() == 1000);
  page = world.get(path + "?after=" + std::string(page.at("next").as_string()));
  CHECK(page.at("items").size() == 500);
  CHECK(page.json("next") == "null");

  page = world.get(path + "?limit=10");
  CHECK(page.at("items").size() == 10);
  CHECK(page.at("next").is_string());
  check_problem(world.get(path + "?limit=0"), 400, "invalid");
  check_problem(world.get(path + "?limit=1001"), 400, "invalid");
}

// --- cancelling ----------------------------------------------------------------------------------

TEST_CASE("api: a run that waits or works is cancelled, one that is over is not") {
  World world;
  world.workflow("nap", kNap);
  world.workflow("ask", kAsk);
  for (const auto* workflow : {"nap", "ask"}) {
    const auto id = world.start(workflow);
    const auto reply = world.post("/api/v1/runs/" + id + "/cancel");
    CHECK(reply.status == 202);
    CHECK(reply.at("id").as_string() == id);
    CHECK(reply.at("status").is_string());
    CHECK(world.run(id).json("status") == R"("cancelled")");
    CHECK(world.run(id).json("cancel_requested") == "true");
    check_problem(world.post("/api/v1/runs/" + id + "/cancel"), 409, "conflict");
  }
}

// --- decisions -----------------------------------------------------------------------------------

TEST_CASE("api: an interrupted run goes on as somebody says") {
  World world;
  world.workflow("post", R"(
on: { manual: {} }
steps: [ { id: post, http: { method: POST, url: "http://far.example/" } } ]
)");
  world.engine.runner.answer("post", tba::tests::is_lost());
  const auto id = world.start("post");
  const auto path = "/api/v1/runs/" + id + "/resume";
  REQUIRE(world.run(id).json("status") == R"("interrupted")");
  check_problem(world.post(path, R"({"decision":"again"})"), 400, "invalid");
  check_problem(world.post(path, R"({})"), 400, "invalid");
  check_problem(world.post(path, R"({"decision":"skip","step":1})"), 400, "invalid");
  check_problem(world.post(path, R"({"decision":"skip","step":"other"})"), 409, "conflict");
  CHECK(world.post(path, R"({"decision":"skip"})").status == 202);
  CHECK(world.run(id).json("status") == R"("succeeded")");
  check_problem(world.post(path, R"({"decision":"skip"})"), 409, "conflict");
  check_problem(world.post("/api/v1/runs/no-id/resume", R"({"decision":"skip"})"), 404,
                "not_found");
}

TEST_CASE("api: a run that is over is tried anew") {
  World world;
  world.workflow("nap", kNap);
  const auto id = world.start("nap");
  const auto path = "/api/v1/runs/" + id + "/retry";
  check_problem(world.post(path, "{}"), 409, "conflict");
  REQUIRE(world.post("/api/v1/runs/" + id + "/cancel").status == 202);
  check_problem(world.post(path, R"({"from":1})"), 400, "invalid");
  check_problem(world.post(path, R"({"latest":"yes"})"), 400, "invalid");
  check_problem(world.post(path, R"({"from":"other"})"), 404, "not_found");
  check_problem(world.post("/api/v1/runs/no-id/retry", "{}"), 404, "not_found");
  const auto reply = world.post(path, R"({"latest":false})");
  REQUIRE(reply.status == 201);
  CHECK(reply.at("retry_of").as_string() == id);
  const std::string made(reply.at("id").as_string());
  CHECK(world.run(made).json("retry_of") == "\"" + id + "\"");
  CHECK(world.run(id).json("retry_of") == "null");
}

TEST_CASE("api: who may decides about a run that waits for it") {
  World world;
  world.workflow("ask", R"(
on: { manual: {} }
steps: [ { id: ask, wait: { approval: { by: [nobody-here] } } } ]
)");
  world.workflow("open", R"(
on: { manual: {} }
steps: [ { id: ask, wait: { approval: {} } } ]
output: ${{ .steps.ask.body.comment }}
)");
  const auto asked = world.start("ask");
  check_problem(world.post("/api/v1/runs/" + asked + "/approve", "{}"), 403, "denied");
  const auto open = world.start("open");
  check_problem(world.post("/api/v1/runs/" + open + "/approve", R"({"step":2})"), 400, "invalid");
  check_problem(world.post("/api/v1/runs/" + open + "/reject", R"({"comment":2})"), 400, "invalid");
  CHECK(world.post("/api/v1/runs/" + open + "/approve", R"({"comment":"fine"})").status == 202);
  CHECK(world.run(open).json("output") == R"("fine")");
  check_problem(world.post("/api/v1/runs/" + open + "/reject", "{}"), 409, "conflict");
}

// --- events --------------------------------------------------------------------------------------

TEST_CASE("api: a run's events begin with all of it and end with its end") {
  World world;
  world.workflow("both", R"(
on: { manual: {} }
steps:
  - { id: nap, wait: { for: 1m } }
  - { id: ask, http: { url: "http://far.example/" } }
)");
  world.engine.runner.lines = {"asking"};
  world.engine.runner.answer("ask", succeeds(Value::object({{"body", Value::integer(7)}})));
  const auto id = world.start("both");
  const auto watch = world.watch("/api/v1/runs/" + id + "/events");
  REQUIRE(watch->names() == Names{"run"});
  CHECK(watch->data(0) == world.run(id).body);
  CHECK_FALSE(watch->ended);

  world.pass(1min);
  CHECK(watch->ended);
  const auto names = watch->names();
  CHECK(names.back() == "run");
  CHECK(std::ranges::count(names, "log") == 1);
  CHECK(watch->data(names.size() - 1) == world.run(id).body);
  Names steps;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != "step") continue;
    const auto step = watch->data(i);
    steps.push_back(std::string(step.find("id")->as_string()) + " " +
                    std::string(step.find("status")->as_string()));
  }
  CHECK(steps == Names{"nap succeeded", "ask running", "ask succeeded"});
  CHECK(tba::to_json(*watch->data(names.size() - 2).find("result")) == R"({"body":7})");
}

TEST_CASE("api: a run's end comes after all of its steps, however slowly they are taken") {
  World world;
  world.workflow("both", R"(
on: { manual: {} }
steps:
  - { id: nap, wait: { for: 1m } }
  - { id: ask, http: { url: "http://far.example/" } }
  - { id: again, http: { url: "http://far.example/" } }
)");
  world.engine.runner.lines = {"asking"};
  world.engine.runner.answer("ask", succeeds());
  world.engine.runner.answer("again", succeeds());
  const auto id = world.start("both");
  const auto watch = world.watch("/api/v1/runs/" + id + "/events");
  watch->hesitate();
  world.pass(1min);
  REQUIRE(watch->names() == Names{"run", "step"});
  REQUIRE(world.run(id).json("status") == R"("succeeded")");
  watch->take_on();
  world.engine.settle();
  CHECK(watch->ended);
  Names states;
  for (std::size_t i = 0; i < watch->events.size(); ++i) {
    const auto data = watch->data(i);
    const auto* status = data.find("status");
    if (!status) continue;
    const auto* step = watch->names()[i] == "step" ? data.find("id") : nullptr;
    states.push_back(std::string(step ? step->as_string() : "run") + ' ' +
                     std::string(status->as_string()));
  }
  CHECK(states == Names{"run waiting", "nap succeeded", "ask running", "ask succeeded",
                        "again running", "again succeeded", "run succeeded"});
  CHECK(lines(*watch) == Names{"asking", "asking"});
}

TEST_CASE("api: who is shown the run anew is not told of its steps' past") {
  World world;
  world.workflow("ask", kAsk);
  const auto id = world.start("ask");
  const auto watch = world.watch("/api/v1/runs/" + id + "/events");
  const auto run = tba::RunId::parse(id).value();
  auto step = world.engine.step(run, "ask");
  REQUIRE(step.attempt == 1);
  const auto steps_sent = [&] { return std::ranges::count(watch->names(), "step"); };
  world.engine.feed().publish(run, {tba::storage::PutStep{step}});
  world.engine.settle();
  CHECK(steps_sent() == 1);
  step.attempt = 0;
  world.engine.feed().publish(run, {tba::storage::PutStep{step}});
  world.engine.settle();
  CHECK(steps_sent() == 1);
}

TEST_CASE("api: the events of a run that is over, or interrupted, end with it") {
  World world;
  world.workflow("greet", kGreet);
  world.workflow("post", R"(
on: { manual: {} }
steps: [ { id: post, http: { method: POST, url: "http://far.example/" } } ]
)");
  world.engine.runner.answer("post", tba::tests::is_lost());
  for (const auto& id :
       {world.start("greet", R"({"inputs": {"who": "a"}})"), world.start("post")}) {
    const auto watch = world.watch("/api/v1/runs/" + id + "/events");
    CHECK(watch->ended);
    CHECK(watch->names().back() == "run");
    CHECK(std::ranges::count(watch->names(), "run") == 1);
  }
}

TEST_CASE("api: the events of a run that is over have its whole log, and then its end") {
  World world;
  world.workflow("ask", kAsk);
  for (int i = 0; i < 2500; ++i) world.engine.runner.lines.push_back(std::to_string(i));
  world.engine.runner.answer("ask", succeeds());
  const auto watch = world.watch("/api/v1/runs/" + world.start("ask") + "/events");
  CHECK(watch->ended);
  CHECK(watch->names().back() == "run");
  CHECK(lines(*watch) == world.engine.runner.lines);
}

TEST_CASE("api: who begins to watch late is sent the lines of before, and each of them once") {
  World world;
  world.workflow("nap", kNap);
  const auto id = world.start("nap");
  const auto before = world.log_line(id, "before");
  const auto watch = world.watch("/api/v1/runs/" + id + "/events");
  CHECK(watch->names() == Names{"run", "log"});
  world.engine.feed().publish(before.run, {tba::storage::AppendLog{before}});
  world.engine.settle();
  CHECK(watch->names() == Names{"run", "log"});
  const auto after = world.log_line(id, "after");
  world.engine.feed().publish(after.run, {tba::storage::AppendLog{after}});
  world.engine.settle();
  CHECK(lines(*watch) == Names{"before", "after"});
}

TEST_CASE("api: who takes events too slowly is shown the run anew, and misses no line") {
  World world;
  world.workflow("nap", kNap);
  const auto id = world.start("nap");
  const auto watch = world.watch("/api/v1/runs/" + id + "/events");
  std::vector<tba::storage::Write> many;
  Names expected;
  for (int i = 0; i < 1500; ++i) {
    expected.push_back(std::to_string(i));
    many.emplace_back(tba::storage::AppendLog{world.log_line(id, expected.back())});
  }
  const auto run = tba::RunId::parse(id).value();
  world.engine.feed().publish(run, many);
  world.engine.settle();
  CHECK(std::ranges::count(watch->names(), "run") == 2);
  CHECK(lines(*watch) == expected);
  expected.push_back("more");
  world.engine.feed().publish(run, {tba::storage::AppendLog{world.log_line(id, "more")}});
  world.engine.settle();
  CHECK(lines(*watch) == expected);
}

TEST_CASE("api: events end when the client is gone, and nobody watches the run any more") {
  World world;
  world.workflow("nap", kNap);
  const auto id = world.start("nap");
  const auto run = tba::RunId::parse(id).value();
  const auto watch = world.watch("/api/v1/runs/" + id + "/events");
  CHECK(world.engine.feed().is_watched(run));
  watch->client_is_gone = true;
  world.post("/api/v1/runs/" + id + "/cancel");
  CHECK(watch->ended);
  CHECK(watch->names() == Names{"run"});
  CHECK_FALSE(world.engine.feed().is_watched(run));
}

// --- contexts ------------------------------------------------------------------------------------

TEST_CASE("api: the context of a run is what its step read") {
  World world;
  world.engine.vars = Value::object({{"region", Value::string("eu")}});
  world.restart();
  world.workflow("three", R"(
on: { manual: {} }
inputs: { who: { type: string } }
env: { greeting: "hello ${{ .inputs.who }}" }
steps:
  - { id: one, set: { a: 12345678901234567 } }
  - { id: two, http: { url: "http://far.example/" } }
  - { id: three, set: { b: "${{ .steps.two.body }}" } }
)");
  world.engine.runner.answer("two", succeeds(Value::object({{"body", Value::string("x")}})));
  const auto id = world.start("three", R"({"inputs": {"who": "you"}})");
  const auto before = [&](const std::string& step) {
    return world.get("/api/v1/runs/" + id + "/context?step=" + step);
  };

  const auto reply = before("two");
  CHECK(reply.status == 200);
  CHECK(keys(reply.body) == Names{"run", "step", "context", "limits"});
  CHECK(reply.json("run") == tba::to_json(Value::string(id)));
  CHECK(reply.json("step") == R"("two")");
  CHECK(keys(reply.at("limits")) == Names{"steps", "bytes", "depth"});
  CHECK(reply.json("limits.steps") == std::to_string(tba::expression::Budget().steps));
  CHECK(keys(reply.at("context")) ==
        Names{"trigger", "inputs", "steps", "run", "workflow", "env", "vars"});
  CHECK(reply.json("context.trigger.kind") == R"("manual")");
  CHECK(reply.json("context.inputs") == R"({"who":"you"})");
  CHECK(reply.json("context.steps") ==
        R"({"one":{"outcome":"succeeded","error":null,"body":{"a":12345678901234567}}})");
  CHECK(reply.json("context.run.id") == tba::to_json(Value::string(id)));
  CHECK(reply.json("context.workflow") == R"({"name":"three"})");
  CHECK(reply.json("context.env") == R"({"greeting":"hello you"})");
  CHECK(reply.json("context.vars") == R"({"region":"eu"})");

  CHECK(keys(before("one").at("context.steps")).empty());
  CHECK(keys(before("three").at("context.steps")) == Names{"one", "two"});
  const auto whole = world.get("/api/v1/runs/latest/context");
  CHECK(whole.json("step") == "null");
  CHECK(keys(whole.at("context.steps")) == Names{"one", "two", "three"});
}

TEST_CASE("api: the context of a failed run has the error for those who handle it") {
  World world;
  world.workflow("fails", R"(
on: { webhook: { verify: none } }
steps:
  - { id: ask, http: { url: "http://far.example/${{ .trigger.body.x }}" } }
  - { id: never, set: { a: 1 } }
on_failure:
  - { id: tell, set: { text: "${{ .error.message }}" } }
)");
  world.engine.runner.answer("ask", answers(404));
  REQUIRE(world.post("/hooks/fails", R"({"x": "y"})").status == 202);
  const auto context = [&](const std::string& step) {
    return world.get("/api/v1/runs/latest/context" + (step.empty() ? "" : "?step=" + step));
  };
  CHECK(context("ask").at("context.error").is_null());
  CHECK(context("ask").json("context.trigger.body") == R"({"x":"y"})");
  CHECK(context("tell").json("context.error") ==
        R"({"kind":"http_status","message":"answered 404","step":"ask"})");
  CHECK(keys(context("tell").at("context.steps")) == Names{"ask", "never"});
  CHECK(context("").json("context.steps.tell.outcome") == R"("succeeded")");

  check_problem(context("never"), 409, "conflict");
  CHECK_THAT(std::string(context("never").at("detail").as_string()),
             Contains("has not come to step 'never'"));
  check_problem(context("tel"), 404, "not_found");
  CHECK_THAT(std::string(context("tel").at("detail").as_string()),
             Contains("workflow 'fails' has no step 'tel' (did you mean 'tell'?)"));
  check_problem(world.get("/api/v1/runs/01930000-0000-7000-8000-000000000000/context"), 404,
                "not_found");
  check_problem(world.get("/api/v1/runs/no-id/context"), 404, "not_found");
  check_problem(world.get("/api/v1/runs/latest/context?stp=ask"), 400, "invalid");
}
