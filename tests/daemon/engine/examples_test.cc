#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "daemon/engine/trigger_context.h"
#include "daemon/steps/outcomes.h"
#include "daemon/steps/process.h"
#include "shared/connector_catalog.h"
#include "shared/expression/template.h"
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

/// Really runs the program of an attempt, in the folder of its run.
AttemptOutcome run_in(const std::filesystem::path& folder, const Attempt& attempt) {
  const auto& call = std::get<tba::engine::ProgramCall>(attempt.request);
  tba::steps::ProcessRequest request;
  request.command = call.command;
  request.environment = call.environment;
  request.folder = (folder / attempt.run.text()).string();
  request.makes_folder = true;
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

tba::tests::ScriptedRunner::Answer runs_program(EngineWorld& world) {
  return [folder = world.folder.path()](const Attempt& attempt) { return run_in(folder, attempt); };
}

AttemptOutcome answers_json(const std::string& body) {
  AttemptOutcome outcome;
  outcome.http_status = 200;
  outcome.result = Value::object({{"status", Value::integer(200)},
                                  {"headers", Value::object({})},
                                  {"body", tba::parse_json(body).value()}});
  return outcome;
}

/// A page of a list, and where the next one is.
AttemptOutcome answers_page(const std::string& items, const std::string& next) {
  auto outcome = answers_json(items);
  outcome.result = std::move(outcome.result).with_member("next", tba::parse_json(next).value());
  return outcome;
}

std::string example_text(const std::string& name) {
  const auto file = std::filesystem::path(TBA_SOURCE_DIR) / "workflows-examples" / (name + ".yaml");
  return tba::read_file(file, tba::kMaxYamlBytes).value();
}

void emit(EngineWorld& world, const std::string& name, const std::string& data) {
  tba::storage::Event event;
  event.id = world.ids.next<tba::EventId>();
  event.at = world.clock.now();
  event.name = name;
  event.data_json = data;
  tba::engine::Admission admission;
  admission.event = std::move(event);
  world.await(world.engine().admit(std::move(admission))).value();
  world.settle();
}

/// How an example is started, what answers it, and what it then leaves.
struct Example {
  Value trigger = tba::engine::plain_trigger("manual", Value(), tba::Instant());
  Value given = Value();
  std::function<void(EngineWorld&)> answers;
  /// What happens to the run while it waits.
  std::function<void(EngineWorld&, tba::RunId)> meanwhile = [](EngineWorld&, tba::RunId) {};
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

/// A target of the configuration, which is given what the step says.
void add_officers(EngineWorld& world) {
  auto text = tba::expression::Template::parse("${{ .inputs.text }}").value();
  world.notify_targets["officers"] = {
      tba::built_in_connectors().find("discord"), "execute-webhook", "clan-webhook",
      tba::expression::Mapping::object(
          {{"webhook_id", tba::expression::Mapping::constant(Value::string("1"))},
           {"content", tba::expression::Mapping::text(std::move(text), {})}})};
}

std::string told_officers(const EngineWorld& world) {
  const auto& call = std::get<tba::engine::EndpointCall>(world.runner.attempts.back().request);
  return std::string(call.parameters.find("content")->as_string());
}

std::string output_of(EngineWorld& world, tba::RunId id) {
  return world.run(id).output_json;
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
      {"approve-release",
       {.given = Value::object({{"version", Value::string("1.2")}}),
        .answers =
            [](EngineWorld& world) {
              add_officers(world);
              world.runner.answer("step-1", answers_json("{}"));
              world.runner.answer_with("release", runs_program(world));
            },
        .meanwhile =
            [](EngineWorld& world, tba::RunId id) {
              CHECK_THAT(told_officers(world), Catch::EndsWith("to release 1.2"));
              world.await(world.engine().decide(id, "", {true, "ada", "looks good"})).value();
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(output_of(world, id) == R"({"version":"1.2","allowed_by":"ada"})");
              const auto left = tba::parse_json(world.step(id, "release").result_json).value();
              CHECK(left.find("stdout")->as_string() == "released 1.2\n");
            }}},
      {"await-payment",
       {.given = Value::object({{"order", Value::string("17")}}),
        .answers = [](EngineWorld&) {},
        .meanwhile =
            [](EngineWorld& world, tba::RunId) {
              emit(world, "order.paid", R"({"order":"16"})");
              emit(world, "order.paid", R"({"order":"17"})");
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(output_of(world, id) == R"({"order":"17","status":"paid"})");
            }}},
      {"build-and-publish",
       {.answers =
            [](EngineWorld& world) {
              for (const auto* step : {"build", "lint", "test"})
                world.runner.answer_with(step, runs_program(world));
              world.runner.answer("publish", tba::tests::succeeds());
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(world.run(id).status == RunStatus::succeeded);
              const auto& publish = world.runner.attempts.back();
              CHECK(publish.step == "publish");
              CHECK(std::get<tba::engine::ProgramCall>(publish.request).secrets.size() == 1);
            }}},
      {"collect-status",
       {.answers =
            [](EngineWorld& world) {
              world.runner.answer("health", tba::tests::answers(503));
              world.runner.answer("repositories", answers_json(R"([{"full_name":"ada/notes"}])"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(output_of(world, id) ==
                    R"({"website_is_up":false,"recently_changed":["ada/notes"]})");
            }}},
      {"debounce-updates",
       {.trigger = brought("webhook", R"({"player":"ada","score":7})"),
        .answers = [](EngineWorld&) {},
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(output_of(world, id) == R"({"player":"ada","score":7})");
            }}},
      {"exchange-rates",
       {.given = Value::object({{"amount", Value::integer(20)}}),
        .answers =
            [](EngineWorld& world) {
              auto busy = tba::tests::answers(409);
              busy.result = answers_json(R"({"busy":true})").result;
              busy.result = std::move(busy.result).with_member("status", Value::integer(409));
              world.runner.answer("rate", busy);
              world.runner.answer("rate", answers_json(R"({"rate":1.5})"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(output_of(world, id) == R"({"amount":30,"currency":"USD"})");
              CHECK(world.runner.attempts.size() == 2);
              CHECK(world.runner.attempts.back().cached);
            }}},
      {"mail-scores",
       {.answers =
            [](EngineWorld& world) {
              world.runner.answer(
                  "scores",
                  answers_json(R"([{"player":"Ann","score":7},{"player":"Lee, Bob","score":9}])"));
              world.runner.answer("tell", answers_json(R"({"message_id":"<1@clan.example>"})"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(parameters_of(world.runner.attempts.back()) ==
                    R"({"to":["Officers <officers@clan.example>"],"subject":"Scores of 2 players",)"
                    R"("text":"The best was Lee, Bob.","attachments":[{"filename":"scores.csv",)"
                    R"("content_type":"text/csv","content":"\"Ann\",7\n\"Lee, Bob\",9"}]})");
              CHECK(output_of(world, id) == R"({"message":"<1@clan.example>"})");
            }}},
      {"mark-stale-issues",
       {.answers =
            [](EngineWorld& world) {
              world.runner.answer("labels.page[0]", answers_page(R"([{"name":"bug"}])", "1"));
              world.runner.answer("labels.page[1]", answers_page(R"([{"name":"stale"}])", "null"));
              world.runner.answer(
                  "issues.page[0]",
                  answers_page(R"([{"number":7,"updated_at":"2011-01-26T19:01:12Z"}])", "1"));
              world.runner.answer(
                  "issues.page[1]",
                  answers_page(R"([{"number":8,"updated_at":"2999-01-26T19:01:12Z"}])", "null"));
              world.runner.answer("issues[0]/mark", answers_json("[]"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(world.run(id).output_json == R"({"items":2,"pages":2,"complete":true})");
              CHECK(world.step(id, "issues[1]/mark").status == tba::StepStatus::skipped);
              const auto mark = std::ranges::find(world.runner.attempts, "issues[0]/mark",
                                                  &tba::engine::Attempt::step);
              REQUIRE(mark != world.runner.attempts.end());
              CHECK(parameters_of(*mark) == R"({"owner":"octocat","repo":"hello-world",)"
                                            R"("issue_number":7,"labels":["stale"]})");
            }}},
      {"member-names",
       {.given = Value::object({{"logins", tba::parse_json(R"(["octocat","hubot"])").value()}}),
        .answers =
            [](EngineWorld& world) {
              world.runner.answer("members[0]/member", answers_json(R"({"name":"Octo Cat"})"));
              world.runner.answer("members[1]/member", answers_json(R"({"name":null})"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(output_of(world, id) ==
                    R"([{"place":1,"name":"Octo Cat"},{"place":2,"name":"hubot"}])");
            }}},
      {"nightly-backup",
       {.given = Value::object({{"folder", Value::string("/no/such/folder")}}),
        .answers =
            [](EngineWorld& world) {
              add_officers(world);
              world.runner.answer_with("pack", runs_program(world));
              world.runner.answer("on-failure-1", answers_json("{}"));
              world.runner.answer_with("tidy", runs_program(world));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(world.run(id).status == RunStatus::failed);
              CHECK(world.runner.attempts_of("on-failure-1") == 1);
              CHECK(world.step(id, "tidy").status == tba::StepStatus::succeeded);
            }}},
      {"onboard-member",
       {.given = Value::object({{"name", Value::string("Ada")}}),
        .answers =
            [](EngineWorld& world) {
              add_officers(world);
              world.workflow(example_text("greet"), "greet");
              world.runner.answer("step-2", answers_json("{}"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(told_officers(world) == "Ada was told: Hello, Ada!");
              CHECK(output_of(world, id) == R"({"text":"Hello, Ada!","started_by":"workflow"})");
            }}},
      {"register-webhook",
       {.given = Value::object({{"repository", Value::string("ada/notes")},
                                {"url", Value::string("https://x.example")}}),
        .answers =
            [](EngineWorld& world) { world.runner.answer("hook", answers_json(R"({"id":5})")); },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(output_of(world, id) == R"({"id":5})");
              const auto& raw =
                  std::get<tba::engine::RawRequest>(world.runner.attempts.back().request);
              CHECK(raw.url == "https://api.github.com/repos/ada/notes/hooks");
              REQUIRE(raw.secrets.size() == 1);
              CHECK(raw.secrets[0].secret ==
                    tba::expression::SecretReference{"github-webhook", "secret"});
            }}},
      {"sort-alerts",
       {.trigger = brought("webhook", R"({"severity":"critical","text":"no disk"})"),
        .answers =
            [](EngineWorld& world) {
              add_officers(world);
              world.runner.answer("sorted-1-1", answers_json("{}"));
            },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              CHECK(told_officers(world) == "Now: no disk");
              CHECK(output_of(world, id) == R"({"done":"told"})");
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
       {.answers =
            [](EngineWorld& world) { world.runner.answer_with("usage", runs_program(world)); },
        .check =
            [](EngineWorld& world, tba::RunId id) {
              const auto output = tba::parse_json(world.run(id).output_json).value();
              CHECK(output.find("folder")->as_string() == "/");
              CHECK(output.find("used_percent")->is_integer());
            }}},
      {"greet",
       {.given = Value::object({{"name", Value::string("Ada")}}),
        .answers =
            [](EngineWorld& world) { world.runner.answer_with("step-3", runs_program(world)); },
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
              world.runner.answer_with("job", runs_program(world));
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
    const auto definition = world.workflow(example_text(name), name);
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
    world.settle();
    example.meanwhile(world, id);
    world.pass(1min);
    CHECK(is_final(world.run(id).status));
    example.check(world, id);
  }
  CHECK(found == examples().size());
}

TEST_CASE("examples: the folder's page tells of each") {
  const auto folder = std::filesystem::path(TBA_SOURCE_DIR) / "workflows-examples";
  const auto page = tba::read_file(folder / "README.md", tba::kMaxYamlBytes).value();
  for (const auto& [name, example] : examples()) {
    CAPTURE(name);
    CHECK(page.find("[" + name + "](" + name + ".yaml)") != std::string::npos);
  }
}
