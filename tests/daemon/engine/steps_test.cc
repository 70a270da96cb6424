#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/engine_world.h"

using namespace std::chrono_literals;
using tba::Effect;
using tba::RunStatus;
using tba::StepStatus;
using tba::Value;
using tba::tests::answers;
using tba::tests::EngineWorld;
using tba::tests::is_lost;
using tba::tests::is_not_sent;
using tba::tests::succeeds;

namespace {

const std::string kManual = "on: { manual: {} }\n";

/// A workflow of one request, which is `once` by its method.
const std::string kPost = kManual + R"(
steps:
  - id: post
    http: { method: POST, url: "http://far.example/" }
)";

const std::string kGet = kManual + R"(
steps:
  - id: get
    http: { url: "http://far.example/" }
)";

}  // namespace

TEST_CASE("engine: a run of pure steps is made and finished by one change") {
  EngineWorld world;
  const auto definition = world.workflow(kManual + R"(
inputs: { who: { type: string, default: you } }
steps:
  - id: greeting
    set: { text: "Hello ${{ .inputs.who }}", length: "${{ .inputs.who | length }}" }
  - id: loud
    set: { text: "${{ .steps.greeting.body.text }}!" }
output: { said: "${{ .steps.loud.body.text }}", n: "${{ .steps.greeting.body.length }}" }
)");
  const auto before = world.store().statistics();
  const auto id = world.start(definition, Value::object({{"who", Value::string("Ann")}}));
  const auto after = world.store().statistics();
  CHECK(after.commits == before.commits + 1);

  const auto run = world.run(id);
  CHECK(run.status == RunStatus::succeeded);
  CHECK(run.output_json == R"({"said":"Hello Ann!","n":3})");
  CHECK(run.finished_at == run.started_at);
  CHECK(world.step(id, "loud").status == StepStatus::succeeded);
  CHECK(world.engine().statistics().active == 0);
}

TEST_CASE("engine: an attempt is on disk before it acts") {
  EngineWorld world;
  const auto definition = world.workflow(kPost);
  std::optional<StepStatus> seen;
  world.runner.answer_with("post", [&](const tba::engine::Attempt& attempt) {
    // A second connection sees only what is committed.
    boost::asio::io_context io;
    auto other =
        tba::storage::SqliteStore::open(world.folder.path() / "tba.db", world.clock.now()).value();
    boost::asio::co_spawn(
        io, other->steps(attempt.run, std::nullopt),
        [&](std::exception_ptr, auto steps) { seen = steps.value().at(0).status; });
    while (!seen) io.run_one();
    other->stop();
    return succeeds();
  });
  const auto id = world.start(definition);
  CHECK(seen == StepStatus::running);
  CHECK(world.run(id).status == RunStatus::succeeded);
}

TEST_CASE("engine: a run with one request costs two changes") {
  EngineWorld world;
  const auto definition = world.workflow(kPost);
  world.runner.answer("post", succeeds());
  const auto before = world.store().statistics();
  world.start(definition);
  CHECK(world.store().statistics().changes == before.changes + 2);
}

TEST_CASE("engine: requests are evaluated as the file says") {
  EngineWorld world;
  world.runner.answer("post", succeeds(Value::object({{"status", Value::integer(200)}})));
  world.runner.answer("list", succeeds());
  world.runner.answer("tool", succeeds());
  world.start(kManual + R"(
env: { ZONE: "${{ .workflow.name }}-1" }
steps:
  - id: post
    http:
      method: POST
      url: "http://far.example/${{ \"a b\" }}"
      query: { page: 2, nothing: null }
      headers: { X-Id: "${{ .run.id }}" }
      json: { list: [1, "${{ 1 + 1 }}"] }
  - id: list
    call: github/get-user
    with: { username: "${{ .steps.post.outcome }}" }
  - id: tool
    run: [./tool.sh, --fast]
    env: { STATUS: "${{ .steps.post.status }}", ZONE: "${{ .env.ZONE }}" }
)");
  REQUIRE(world.runner.attempts.size() == 3);
  const auto& raw = std::get<tba::engine::RawRequest>(world.runner.attempts[0].request);
  CHECK(raw.method == "POST");
  CHECK(raw.url == "http://far.example/a b?page=2");
  CHECK(raw.body == R"({"list":[1,2]})");
  CHECK(raw.headers.at(0).second == world.runner.attempts[0].run.text());
  CHECK(raw.headers.at(1) ==
        std::pair<std::string, std::string>("Content-Type", "application/json"));
  const auto& call = std::get<tba::engine::EndpointCall>(world.runner.attempts[1].request);
  CHECK(call.endpoint == "get-user");
  CHECK(to_json(call.parameters) == R"({"username":"succeeded"})");
  const auto& program = std::get<tba::engine::ProgramCall>(world.runner.attempts[2].request);
  CHECK(program.workflow == "test");
  CHECK(program.workflow_folder == "/flows");
  CHECK(program.command == std::vector<std::string>{"./tool.sh", "--fast"});
  CHECK(program.environment.at(0) == std::pair<std::string, std::string>("STATUS", "200"));
  CHECK(program.environment.at(1) == std::pair<std::string, std::string>("ZONE", "test-1"));
}

TEST_CASE("engine: an attempt says where its secrets belong, and has none of them") {
  EngineWorld world;
  world.runner.answer("post", succeeds());
  world.runner.answer("form", succeeds());
  world.runner.answer("tool", succeeds());
  world.start(kManual + R"(
steps:
  - id: post
    http:
      method: POST
      url: "http://far.example/"
      query: { key: !secret clan.key, page: 2 }
      headers: { X-Key: !secret clan.key }
      json: { keys: [ "${{ 1 }}", !secret clan.key ] }
  - id: form
    http: { method: POST, url: "http://far.example/", form: { a: 1, key: !secret clan.key } }
  - id: tool
    run: [./tool.sh]
    env: { KEY: !secret clan.key, OTHER: x }
)");
  using Part = tba::engine::RequestSecret::Part;
  REQUIRE(world.runner.attempts.size() == 3);
  const auto& raw = std::get<tba::engine::RawRequest>(world.runner.attempts[0].request);
  CHECK(raw.url == "http://far.example/?page=2");
  CHECK(raw.headers ==
        std::vector<std::pair<std::string, std::string>>{{"Content-Type", "application/json"}});
  CHECK(to_json(raw.json) == R"({"keys":[1,null]})");
  REQUIRE(raw.secrets.size() == 3);
  CHECK(raw.secrets[0].part == Part::json);
  CHECK(raw.secrets[0].path == tba::expression::ValuePath{"keys", std::size_t{1}});
  CHECK(raw.secrets[1].part == Part::query);
  CHECK(raw.secrets[2].part == Part::headers);
  const auto& form = std::get<tba::engine::RawRequest>(world.runner.attempts[1].request);
  CHECK(form.body == "a=1");
  REQUIRE(form.secrets.size() == 1);
  CHECK(form.secrets[0].part == Part::form);
  const auto& program = std::get<tba::engine::ProgramCall>(world.runner.attempts[2].request);
  CHECK(program.environment == std::vector<std::pair<std::string, std::string>>{{"OTHER", "x"}});
  REQUIRE(program.secrets.size() == 1);
  CHECK(program.secrets[0].secret == tba::expression::SecretReference{"clan", "key"});
}

TEST_CASE("engine: a step whose if is false is skipped and leaves nulls") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - id: get
    if: ${{ 1 > 2 }}
    http: { url: "http://far.example/" }
output: "${{ .steps.get }}"
)");
  CHECK(world.runner.attempts.empty());
  CHECK(world.step(id, "get").status == StepStatus::skipped);
  CHECK(world.run(id).output_json ==
        R"({"outcome":"skipped","error":null,"status":null,"headers":null,"body":null})");
}

TEST_CASE("engine: an if that is no boolean fails the step and says what it was") {
  EngineWorld world;
  const auto definition = world.workflow(kManual + R"(
inputs: { go: { default: "yes" } }
steps:
  - id: odd
    if: ${{ .inputs.go }}
    set: { a: 1 }
)");
  const auto message = [&](Value go) {
    const auto run = world.run(world.start(definition, Value::object({{"go", std::move(go)}})));
    CHECK(run.status == RunStatus::failed);
    CHECK(run.failure->kind == "expression");
    return run.failure->message;
  };
  CHECK(message(Value::string("yes")) ==
        "/flows/test.yaml:6:9: 'if' gave string (\"yes\"), not true or false (compare it with "
        "something: .x == \"yes\")");
  CHECK(message(Value::integer(0)) ==
        "/flows/test.yaml:6:9: 'if' gave number (0), not true or false (compare it with "
        "something: .x > 0)");
  CHECK(message(Value()) ==
        "/flows/test.yaml:6:9: 'if' gave null, not true or false (give a default where it may be "
        "missing: .x // false)");
  CHECK(message(Value::array(std::vector<Value>())) ==
        "/flows/test.yaml:6:9: 'if' gave array ([]), not true or false (say what about it is to "
        "decide: .x | length > 0)");
}

TEST_CASE("engine: a failing expression fails its step with its place in the file") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - id: broken
    set: { a: "${{ .inputs | .x + {} | tonumber }}" }
  - id: never
    set: { a: 1 }
)");
  const auto run = world.run(id);
  CHECK(run.status == RunStatus::failed);
  CHECK(run.failure->step == "broken");
  CHECK(run.failure->message.find("/flows/test.yaml:5:") == 0);
  CHECK(world.steps(id).size() == 1);
}

TEST_CASE("engine: what an expression may use is what the configuration says") {
  EngineWorld world;
  const std::string text = kManual + R"(
steps:
  - id: count
    set: { a: "${{ [1, 2, 3] | length }}" }
)";
  CHECK(world.run(world.start(text)).status == RunStatus::succeeded);
  world.budget.steps = 3;
  world.crash();
  const auto run = world.run(world.start(text));
  CHECK(run.status == RunStatus::failed);
  CHECK(run.failure->message.find("/flows/test.yaml:5:") == 0);
  CHECK(run.failure->message.find("the expression takes more than 3 steps") != std::string::npos);
}

TEST_CASE("engine: now is the engine's clock") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - { id: first, set: { at: "${{ now }}" } }
  - { id: nap, wait: { for: 90m } }
  - { id: second, set: { later: "${{ now - .steps.first.body.at }}" } }
output: "${{ .steps.second.body.later }}"
)");
  const auto seconds = std::chrono::duration<double>(world.clock.now().time_since_epoch()).count();
  CHECK(
      tba::parse_json(world.step(id, "first").result_json)->find("body")->find("at")->as_number() ==
      seconds);
  world.pass(90min);
  CHECK(world.run(id).output_json == "5400");
}

TEST_CASE("engine: what debug and stderr write is in the log of the step") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
env: { a: "${{ 1 | debug }}" }
steps:
  - { id: nap, wait: { for: 1h } }
  - id: shape
    if: ${{ .env.a | debug == 1 }}
    set: { b: "${{ [\"two\"] | debug | stderr }}" }
output: "${{ .steps.shape.body | debug }}"
)");
  world.crash();  // what env logged is not logged again
  world.pass(1h);
  CHECK(world.run(id).output_json == R"({"b":["two"]})");
  const auto lines = world.await(world.store().logs(id, 0, 100)).value();
  std::vector<std::string> logged;
  for (const auto& line : lines) logged.push_back(line.step + "/" + line.stream + " " + line.text);
  CHECK(logged == std::vector<std::string>{
                      R"(/debug ["DEBUG:",1])",
                      R"(shape/debug ["DEBUG:",1])",
                      R"(shape/debug ["DEBUG:",["two"]])",
                      R"(shape/debug ["two"])",
                      R"(/debug ["DEBUG:",{"b":["two"]}])",
                  });
}

TEST_CASE("engine: what debug writes is bounded") {
  EngineWorld world;
  const auto id = world.start(world.workflow(kManual + R"(
inputs: { text: {} }
steps:
  - id: shape
    set:
      a: ${{ .inputs.text | debug }}
      b: ${{ .inputs.text | debug }}
      c: ${{ .inputs.text | debug }}
)"),
                              Value::object({{"text", Value::string(std::string(30'000, 'x'))}}));
  CHECK(world.run(id).status == RunStatus::succeeded);
  const auto lines = world.log(id);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1].size() > 30'000);
  CHECK(lines[2] == "what else `debug` writes here is left out: it is more than 64KiB");
}

TEST_CASE("engine: on_failure handles what failed, and the run has failed all the same") {
  EngineWorld world;
  world.runner.answer("get", answers(404));
  const auto id = world.start(kGet + R"(
on_failure:
  - id: tell
    set: { text: "${{ .error.step }}: ${{ .error.message }}" }
)");
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->message == "answered 404");
  CHECK(world.step(id, "tell").result_json == R"({"body":{"text":"get: answered 404"}})");
}

TEST_CASE("engine: a step that fails in on_failure neither hides the failure nor stops the rest") {
  EngineWorld world;
  world.runner.answer("get", answers(404));
  world.runner.answer("tell", answers(500));
  const auto id = world.start(kGet + R"(
on_failure:
  - { id: tell, http: { url: "http://far.example/tell" } }
  - { id: last, set: { done: true } }
)");
  CHECK(world.run(id).failure->step == "get");
  CHECK(world.step(id, "last").status == StepStatus::succeeded);
  CHECK(world.log(id) == std::vector<std::string>{"failed in on_failure: answered 500"});
}

TEST_CASE("engine: output replaces the body of a step") {
  EngineWorld world;
  world.runner.answer(
      "get",
      succeeds(Value::object({{"status", Value::integer(200)}, {"body", Value::integer(20)}})));
  const auto id = world.start(kManual + R"(
steps:
  - id: get
    http: { url: "http://far.example/" }
    output: { twice: "${{ .steps.get.body * 2 }}" }
output: "${{ .steps.get | {status, body} }}"
)");
  CHECK(world.run(id).output_json == R"({"status":200,"body":{"twice":40}})");
}

TEST_CASE("engine: an output that cannot be evaluated fails the run") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps: [ { id: a, set: { b: 1 } } ]
output: "${{ .steps.a.body.b | keys }}"
)");
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->kind == "expression");
}

// --- waiting and time ----------------------------------------------------------------------------

TEST_CASE("engine: a run that waits is a row and a timer, and goes on when it is due") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - { id: nap, wait: { for: 2h } }
  - { id: after, set: { ok: true } }
)");
  CHECK(world.run(id).status == RunStatus::waiting);
  CHECK(world.run(id).wake_at == world.clock.now() + 2h);
  CHECK(world.engine().statistics().active == 0);
  CHECK(world.engine().statistics().waiting == 1);
  world.pass(2h - 1ms);
  CHECK(world.run(id).status == RunStatus::waiting);
  world.pass(1ms);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.engine().statistics().waiting == 0);
}

TEST_CASE("engine: a wait that is no duration fails its step") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps: [ { id: nap, wait: { for: "${{ \"soon\" }}" } } ]
)");
  CHECK(world.run(id).failure->message ==
        "`for` gave \"soon\", which is no duration like 90s or 2h");
}

TEST_CASE("engine: a failed attempt is tried again after its delay") {
  EngineWorld world;
  world.runner.answer("get", answers(503));
  world.runner.answer("get", answers(503, 30s));
  world.runner.answer("get", answers(200));
  const auto id = world.start(kManual + R"(
steps:
  - id: get
    http: { url: "http://far.example/" }
    retry: { attempts: 3, initial: 2s, factor: 2, jitter: false }
)");
  CHECK(world.step(id, "get").status == StepStatus::waiting);
  CHECK(world.engine().statistics().active == 0);
  world.pass(2s);
  CHECK(world.step(id, "get").attempt == 2);
  CHECK(world.step(id, "get").due_at == world.clock.now() + 30s);
  world.pass(30s);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.step(id, "get").attempt == 3);
  CHECK_FALSE(world.step(id, "get").failure);
  CHECK(world.log(id) ==
        std::vector<std::string>{"attempt 1 failed (answered 503), trying again in 2s",
                                 "attempt 2 failed (answered 503), trying again in 30s"});
}

namespace {

/// A failed answer with a body.
tba::engine::AttemptOutcome refuses(int status, const std::string& body) {
  auto outcome = answers(status);
  outcome.result = Value::object({{"status", Value::integer(status)},
                                  {"headers", Value::object({})},
                                  {"body", tba::parse_json(body).value()}});
  return outcome;
}

}  // namespace

TEST_CASE("engine: an expression says for which failures there is another attempt") {
  EngineWorld world;
  world.runner.answer("get", refuses(409, R"({"code":"locked"})"));
  world.runner.answer("get", refuses(409, R"({"code":"gone"})"));
  const auto id = world.start(kManual + R"(
steps:
  - id: name
    set: { code: locked }
  - id: get
    http: { url: "http://far.example/" }
    retry:
      attempts: 5
      on: [503, "${{ .attempt.status == 409 and .attempt.body.code == .steps.name.body.code and
        .attempt.number == 1 and .error.kind == \"http_status\" and .attempt.stdout == null }}"]
)");
  CHECK(world.step(id, "get").status == StepStatus::waiting);
  world.pass(1min);
  CHECK(world.runner.attempts.size() == 2);
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->message == "answered 409");
}

TEST_CASE("engine: an expression has no say about an attempt that may have acted once") {
  EngineWorld world;
  world.runner.answer("post", is_lost());
  world.runner.answer("refused", answers(409));
  const std::string step = R"(, http: { method: POST, url: "http://far.example/" },
      retry: { on: "${{ true }}" } } ]
)";
  CHECK(world.run(world.start(kManual + "steps: [ { id: post" + step)).status ==
        RunStatus::interrupted);
  CHECK(world.run(world.start(kManual + "steps: [ { id: refused" + step)).status ==
        RunStatus::failed);
  world.pass(1h);
  CHECK(world.runner.attempts.size() == 2);
}

TEST_CASE("engine: where the expression of a retry fails the step does, and says which one") {
  EngineWorld world;
  world.runner.answer("get", answers(409));
  const auto [expression, message] = GENERATE(table<std::string, std::string>({
      {".attempt.body.code == 1", "'.attempt.body' is null"},
      {".attempt.body", "'on' gave null, not true or false"},
  }));
  const auto id = world.start(kManual + "steps: [ { id: get, retry: { on: \"${{ " + expression +
                              " }}\" }, http: { url: \"http://far.example/\" } } ]\n");
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.step(id, "get").failure->kind == "expression");
  CHECK_THAT(world.step(id, "get").failure->message,
             Catch::Matchers::StartsWith("/flows/test.yaml:2:") &&
                 Catch::Matchers::Contains(message) &&
                 Catch::Matchers::Contains("; asked because answered 409"));
}

TEST_CASE("engine: an attempt that takes too long is cut off") {
  EngineWorld world;
  const auto id = world.start(kManual + R"(
steps:
  - id: get
    http: { url: "http://far.example/" }
    timeout: 5s
)");
  CHECK(world.run(id).status == RunStatus::running);
  world.pass(5s);
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->kind == "timeout");
  CHECK(world.run(id).failure->message == "took longer than 5s");
}

TEST_CASE("engine: a run that takes too long ends its attempt, handles that, and has failed") {
  EngineWorld world;
  const auto id = world.start("timeout: 1m\n" + kGet + R"(
on_failure:
  - { id: tell, set: { why: "${{ .error.kind }}" } }
)");
  world.pass(1min);
  CHECK(world.run(id).status == RunStatus::failed);
  CHECK(world.run(id).failure->kind == "timeout");
  CHECK(world.step(id, "get").status == StepStatus::cancelled);
  CHECK(world.step(id, "tell").result_json == R"({"body":{"why":"timeout"}})");
}

TEST_CASE("engine: a run's timeout wakes it from a longer wait") {
  EngineWorld world;
  const auto id = world.start("timeout: 1m\n" + kManual + R"(
steps: [ { id: nap, wait: { for: 1h } } ]
)");
  world.pass(1min);
  CHECK(world.run(id).failure->kind == "timeout");
}

// --- effects -------------------------------------------------------------------------------------

TEST_CASE("engine: a once step whose answer is lost stops the run as interrupted") {
  EngineWorld world;
  world.runner.answer("post", is_lost());
  const auto id = world.start(kManual + R"(
steps:
  - id: post
    http: { method: POST, url: "http://far.example/" }
    retry: { attempts: 5 }
)");
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.step(id, "post").status == StepStatus::interrupted);
  world.pass(24h);
  CHECK(world.runner.attempts.size() == 1);
  CHECK(world.engine().statistics().active == 0);
}

TEST_CASE("engine: a once step is tried again where nothing was sent") {
  EngineWorld world;
  world.runner.answer("post", is_not_sent());
  world.runner.answer("post", succeeds());
  const auto id = world.start(kManual + R"(
steps:
  - id: post
    http: { method: POST, url: "http://far.example/" }
    retry: { attempts: 2 }
)");
  world.pass(1min);
  CHECK(world.run(id).status == RunStatus::succeeded);
}

TEST_CASE("engine: a keyed step sends the same key each time, and no other run's") {
  EngineWorld world;
  const auto definition = world.workflow(kManual + R"(
steps:
  - id: post
    http: { method: POST, url: "http://far.example/" }
    effect: keyed
    retry: { attempts: 2 }
)");
  world.runner.answer("post", is_lost());
  world.runner.answer("post", succeeds());
  const auto id = world.start(definition);
  world.pass(1min);
  world.start(definition);
  CHECK(world.run(id).status == RunStatus::succeeded);
  std::vector<std::string> keys;
  for (const auto& attempt : world.runner.attempts) {
    const auto& headers = std::get<tba::engine::RawRequest>(attempt.request).headers;
    CHECK(headers.at(0).first == "Idempotency-Key");
    keys.push_back(headers.at(0).second);
  }
  REQUIRE(keys.size() == 3);
  CHECK(keys[0] == keys[1]);
  CHECK(keys[0] != keys[2]);
}

TEST_CASE("engine: lines that an attempt writes are in the run's log, before what follows") {
  EngineWorld world;
  world.runner.lines = {"one", "two"};
  world.runner.answer("tool", answers(503));
  world.runner.answer("tool", succeeds());
  const auto id = world.start(kManual + R"(
steps:
  - { id: tool, run: [./tool.sh], effect: repeat, retry: { attempts: 2 } }
)");
  world.pass(1min);
  const auto log = world.log(id);
  REQUIRE(log.size() == 5);
  CHECK(log[0] == "one");
  CHECK(log[1] == "two");
  CHECK(log[2].find("attempt 1 failed") == 0);
  CHECK(log[3] == "one");
}
