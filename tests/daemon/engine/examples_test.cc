#include <filesystem>
#include <functional>
#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "daemon/engine/trigger_context.h"
#include "daemon/steps/outcomes.h"
#include "daemon/steps/process.h"
#include "shared/file.h"
#include "shared/inputs.h"
#include "shared/value/json.h"
#include "tests/support/engine_world.h"

using namespace std::chrono_literals;
using tba::RunStatus;
using tba::Value;
using tba::engine::Attempt;
using tba::engine::AttemptOutcome;
using tba::tests::EngineWorld;

namespace {

/// Really runs the program of an attempt.
AttemptOutcome run_program(const Attempt& attempt) {
  const auto& call = std::get<tba::engine::ProgramCall>(attempt.request);
  tba::steps::ProcessRequest request;
  request.command = call.command;
  request.environment = call.environment;
  boost::asio::io_context io;
  tba::steps::SystemProcessRunner runner;
  runner.start();
  std::optional<tba::Result<tba::steps::ProcessResult>> result;
  boost::asio::co_spawn(io, runner.run(std::move(request), {}),
                        [&](std::exception_ptr, auto ended) { result = std::move(ended); });
  io.run();
  runner.stop();
  return tba::steps::outcome_of(result->value(), call.command.front(), call.json_output);
}

AttemptOutcome answers_json(const std::string& body) {
  AttemptOutcome outcome;
  outcome.http_status = 200;
  outcome.result = Value::object({{"status", Value::integer(200)},
                                  {"headers", Value::object({})},
                                  {"body", tba::parse_json(body).value()}});
  return outcome;
}

/// How an example is started, what answers it, and what it then leaves.
struct Example {
  Value trigger = tba::engine::plain_trigger("manual", Value(), tba::Instant());
  Value given = Value();
  std::function<void(EngineWorld&)> answers;
  std::function<void(EngineWorld&, tba::RunId)> check;
};

Value issue_opened() {
  tba::storage::Delivery delivery;
  delivery.headers_json = delivery.query_json = "{}";
  return tba::engine::trigger_value(
      delivery,
      tba::parse_json(R"({"issue":{"title":"It broke"},"sender":{"login":"ada"}})").value());
}

/// `.trigger` of that kind with that body.
Value brought(std::string_view kind, const std::string& body, std::string_view event = {}) {
  tba::engine::TriggerContext trigger;
  trigger.kind = kind;
  trigger.body = tba::parse_json(body).value();
  trigger.query = Value::object({});
  if (!event.empty()) trigger.event = Value::string(event);
  return trigger.as_value();
}

std::string parameters_of(const Attempt& attempt) {
  return to_json(std::get<tba::engine::EndpointCall>(attempt.request).parameters);
}

const std::map<std::string, Example>& examples() {
  static const std::map<std::string, Example> all{
      {"alert-failed-runs",
       {.trigger = brought(
            "event",
            R"({"run":"1","workflow":"nightly","status":"failed","error":{"message":"no disk"}})",
            "run.failed"),
        .answers = [](EngineWorld& world) { world.runner.answer("tell", answers_json("{}")); },
        .check =
            [](EngineWorld& world, tba::RunId) {
              CHECK(parameters_of(world.runner.attempts.back()) ==
                    R"({"webhook_id":"1122334455667788990","content":"nightly failed: no disk"})");
            }}},
      {"answer-requests",
       {.trigger = brought("webhook", R"({"name":"Ada"})"),
        .answers = [](EngineWorld&) {},
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(world.run(id).output_json ==
                    R"({"status":200,"headers":{"Cache-Control":"no-store"},)"
                    R"("body":{"text":"Hello, Ada!"}})");
            }}},
      {"check-website",
       {.answers =
            [](EngineWorld& world) {
              world.runner.answer("health", answers_json(R"({"load":0.9})"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(world.run(id).output_json == R"({"status":200,"load":0.9,"busy":true})");
            }}},
      {"disk-usage",
       {.answers = [](EngineWorld& world) { world.runner.answer_with("usage", run_program); },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              const auto output = tba::parse_json(world.run(id).output_json).value();
              CHECK(output.find("folder")->as_string() == "/");
              CHECK(output.find("used_percent")->is_integer());
            }}},
      {"greet",
       {.given = Value::object({{"name", Value::string("Ada")}}),
        .answers = [](EngineWorld& world) { world.runner.answer_with("step-3", run_program); },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(world.run(id).output_json == R"({"text":"Hello, Ada!","started_by":"manual"})");
            }}},
      {"new-repositories",
       {.trigger = brought("poll", R"({"full_name":"ada/notes","html_url":"https://x.example"})"),
        .answers = [](EngineWorld& world) { world.runner.answer("tell", answers_json("{}")); },
        .check =
            [](EngineWorld& world, tba::RunId) {
              CHECK(parameters_of(world.runner.attempts.back()) ==
                    R"({"webhook_id":"1122334455667788990",)"
                    R"("content":"New: ada/notes https://x.example"})");
            }}},
      {"report-failures",
       {.answers =
            [](EngineWorld& world) {
              world.runner.answer_with("job", run_program);
              world.runner.answer("tell", answers_json("{}"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(world.run(id).status == RunStatus::failed);
              CHECK(parameters_of(world.runner.attempts.back()) ==
                    R"({"webhook_id":"1122334455667788990",)"
                    R"("content":"report-failures failed in job: false ended with exit code 1"})");
            }}},
      {"triage-issues",
       {.trigger = issue_opened(),
        .answers =
            [](EngineWorld& world) {
              world.runner.answer("reporter", answers_json(R"({"followers":42})"));
              world.runner.answer("announce", answers_json(R"({"id":"1"})"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(world.run(id).output_json == R"({"announced":true})");
              CHECK(
                  parameters_of(world.runner.attempts.back()) ==
                  R"({"channel_id":"1122334455667788990","content":"New issue: It broke by ada"})");
            }}},
  };
  return all;
}

}  // namespace

TEST_CASE("examples: each does what it says") {
  const auto folder = std::filesystem::path(TBA_SOURCE_DIR) / "workflows-examples";
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    ++found;
    const auto name = entry.path().stem().string();
    CAPTURE(name);
    REQUIRE(examples().contains(name));
    const auto& example = examples().at(name);

    EngineWorld world;
    const auto definition =
        world.workflow(tba::read_file(entry.path(), tba::kMaxYamlBytes).value(), name);
    example.answers(world);
    tba::engine::Start start;
    start.id = world.ids.next<tba::RunId>();
    start.definition = definition;
    start.trigger_kind = "manual";
    start.trigger = example.trigger;
    start.inputs = tba::fill_inputs(definition->workflow->inputs, example.given).value();
    const auto id = start.id;
    tba::engine::Admission admission;
    admission.starts.push_back(std::move(start));
    world.await(world.engine().admit(std::move(admission))).value();
    world.pass(1min);
    CHECK(is_final(world.run(id).status));
    example.check(world, id);
  }
  CHECK(found == examples().size());
}
