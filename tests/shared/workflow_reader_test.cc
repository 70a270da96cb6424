#include "shared/workflow_reader.h"

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "shared/connector_reader.h"
#include "shared/file.h"
#include "shared/value/json.h"
#include "tests/support/accepted.h"

using tba::ConnectorCatalog;
using tba::Diagnostics;
using tba::Effect;
using tba::Value;
using tba::Workflow;
using tba::expression::Context;
using tba::expression::Root;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

const ConnectorCatalog& catalog() {
  static const ConnectorCatalog all = [] {
    auto connectors = tba::built_in_connectors();
    const fs::path file = TBA_SOURCE_DIR "/tests/data/connectors/sheets-of-clan.yaml";
    Diagnostics diagnostics;
    connectors.put(std::make_shared<const tba::Connector>(
        tba::read_connector(file, tba::read_file(file, tba::kMaxYamlBytes).value(), diagnostics)
            .value()));
    return connectors;
  }();
  return all;
}

Workflow read(std::string text, const std::string& path = "workflows/job.yaml") {
  Diagnostics diagnostics;
  auto workflow = tba::read_workflow(path, std::move(text), {.catalog = &catalog()}, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(workflow);
  return *std::move(workflow);
}

std::string evaluated(const tba::expression::Mapping& mapping, const Context& context = {}) {
  const auto value = mapping.evaluate(context);
  return value.has_value() ? tba::to_json(*value) : value.error().message;
}

template <class T>
const T& action(const Workflow& workflow, std::size_t step) {
  return std::get<T>(workflow.steps.at(step).action);
}

std::vector<fs::path> yaml_files(const char* folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(TBA_SOURCE_DIR) / folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("workflow: the smallest one") {
  const auto workflow = read("on: { manual: {} }\nsteps: [{ set: { a: 1 } }]\n");
  CHECK(workflow.name == "job");
  CHECK(workflow.path == "workflows/job.yaml");
  CHECK(workflow.text == "on: { manual: {} }\nsteps: [{ set: { a: 1 } }]\n");
  REQUIRE(workflow.triggers.size() == 1);
  CHECK(std::holds_alternative<tba::ManualTrigger>(workflow.triggers[0]));
  REQUIRE(workflow.steps.size() == 1);
  CHECK(workflow.steps[0].id == "step-1");
  CHECK(tba::kind_of(workflow.steps[0]) == "set");
  CHECK_FALSE(workflow.steps[0].condition);
  CHECK_FALSE(workflow.steps[0].retry);
  CHECK_FALSE(workflow.timeout);
  CHECK_FALSE(workflow.output);
  CHECK(workflow.env.is_null());
  CHECK(workflow.connectors().empty());
  CHECK(workflow.credentials().empty());
}

TEST_CASE("workflow: triggers of every kind") {
  const auto workflow = read(
      "name: all\n"
      "on:\n"
      "  - webhook: { connector: github, event: issues, credential: hook }\n"
      "  - webhook: { path: open/door, verify: none }\n"
      "  - schedule: { cron: 0 9 * * MON-FRI }\n"
      "  - schedule: { every: 15m }\n"
      "  - manual:\n"
      "steps: [{ set: { a: 1 } }]\n");
  REQUIRE(workflow.triggers.size() == 5);
  const auto& github = std::get<tba::WebhookTrigger>(workflow.triggers[0]);
  CHECK(github.path == "all");
  CHECK(github.connector == "github");
  CHECK(github.event == "issues");
  CHECK(github.credential == "hook");
  const auto& open = std::get<tba::WebhookTrigger>(workflow.triggers[1]);
  CHECK(open.path == "open/door");
  CHECK(open.connector.empty());
  CHECK(open.credential.empty());
  CHECK(tba::text_of(std::get<tba::ScheduleTrigger>(workflow.triggers[2]).schedule) ==
        "0 9 * * MON-FRI");
  CHECK(tba::text_of(std::get<tba::ScheduleTrigger>(workflow.triggers[3]).schedule) == "every 15m");
}

TEST_CASE("workflow: inputs have types, defaults and descriptions") {
  const auto workflow = read(
      "on: { manual: {} }\n"
      "inputs:\n"
      "  a: { type: string, description: the first }\n"
      "  b: { type: array, default: [1, x] }\n"
      "  c: {}\n"
      "steps: [{ set: { x: \"${{ .inputs.a }}\" } }]\n");
  REQUIRE(workflow.inputs.size() == 3);
  CHECK(workflow.inputs[0].type == tba::ValueType::string);
  CHECK(workflow.inputs[0].description == "the first");
  CHECK_FALSE(workflow.inputs[0].default_value);
  CHECK(tba::to_json(*workflow.inputs[1].default_value) == R"([1,"x"])");
  CHECK(workflow.inputs[2].type == tba::ValueType::any);
}

TEST_CASE("workflow: a call has its endpoint, parameters, credential, and retries") {
  const auto workflow = read(
      "on: { manual: {} }\n"
      "retry: { attempts: 2 }\n"
      "steps:\n"
      "  - id: user\n"
      "    name: Who is it\n"
      "    call: github/get-user\n"
      "    credential: bot\n"
      "    with: { username: octocat }\n"
      "    timeout: 30s\n"
      "    effect: once\n"
      "    output: ${{ .steps.user.body.login }}\n"
      "  - call: github/get-authenticated-user\n"
      "    retry: { attempts: 7, on: [4xx] }\n"
      "    if: ${{ .steps.user.outcome == \"succeeded\" }}\n");
  const auto& call = action<tba::CallStep>(workflow, 0);
  CHECK(call.connector == "github");
  CHECK(call.endpoint == "get-user");
  CHECK(evaluated(call.with) == R"({"username":"octocat"})");
  const auto& step = workflow.steps[0];
  CHECK(step.id == "user");
  CHECK(step.title == "Who is it");
  CHECK(step.credential == "bot");
  CHECK(step.timeout == 30s);
  CHECK(step.effect == Effect::once);
  CHECK(step.retry->attempts == 2);
  CHECK(step.output.has_value());
  CHECK(evaluated(action<tba::CallStep>(workflow, 1).with) == "{}");
  CHECK(workflow.steps[1].retry->attempts == 7);
  CHECK(workflow.steps[1].retry->on_statuses == std::vector<int>{4});
  CHECK_FALSE(workflow.steps[1].retry->on_network);
  CHECK(workflow.steps[1].condition.has_value());
  CHECK(workflow.connectors() == std::vector<std::string>{"github"});
  CHECK(workflow.credentials() == std::vector<std::string>{"bot"});
}

TEST_CASE("workflow: an http step has one body of three kinds") {
  const auto workflow = read(
      "on: { webhook: { verify: none } }\n"
      "steps:\n"
      "  - http: { url: https://x.example, method: POST, json: { a: [1, true] }, max_bytes: 1KiB "
      "}\n"
      "  - http: { url: https://x.example, method: POST, form: { a: b }, follow_redirects: true }\n"
      "  - http: { url: https://x.example, method: PUT, body: text, query: { q: 1 }, headers: { A: "
      "b } }\n"
      "  - http: { url: \"${{ .trigger.body.url }}\" }\n");
  const auto& json = action<tba::HttpStep>(workflow, 0);
  CHECK(json.method == "POST");
  CHECK(json.body_kind == tba::HttpStep::Body::json);
  CHECK(evaluated(json.body) == R"({"a":[1,true]})");
  CHECK(json.max_bytes == 1024);
  const auto& form = action<tba::HttpStep>(workflow, 1);
  CHECK(form.body_kind == tba::HttpStep::Body::form);
  CHECK(form.follow_redirects);
  const auto& text = action<tba::HttpStep>(workflow, 2);
  CHECK(text.body_kind == tba::HttpStep::Body::text);
  CHECK(evaluated(text.query) == R"({"q":1})");
  CHECK(evaluated(text.headers) == R"({"A":"b"})");
  const auto& get = action<tba::HttpStep>(workflow, 3);
  CHECK(get.method == "GET");
  CHECK(get.body_kind == tba::HttpStep::Body::none);
  CHECK(get.query.is_null());
  CHECK_FALSE(get.url.is_constant());
}

TEST_CASE("workflow: a program is run as it is, a script by its interpreter") {
  const auto workflow = read(
      "on: { manual: {} }\n"
      "steps:\n"
      "  - run: [./notify.sh, --urgent, 5]\n"
      "    env: { LABEL: x, COUNT: 5 }\n"
      "    format: json\n"
      "  - run: |\n"
      "      echo one\n"
      "      echo two\n"
      "  - run: print(1)\n"
      "    shell: [python3, -c]\n");
  const auto& program = action<tba::RunStep>(workflow, 0);
  CHECK(program.command == std::vector<std::string>{"./notify.sh", "--urgent", "5"});
  CHECK(evaluated(program.env) == R"({"LABEL":"x","COUNT":5})");
  CHECK(program.json_output);
  CHECK(action<tba::RunStep>(workflow, 1).command ==
        std::vector<std::string>{"/bin/sh", "-ec", "echo one\necho two\n"});
  CHECK_FALSE(action<tba::RunStep>(workflow, 1).json_output);
  CHECK(action<tba::RunStep>(workflow, 2).command ==
        std::vector<std::string>{"python3", "-c", "print(1)"});
}

TEST_CASE("workflow: waits, failure steps, env and output") {
  const auto workflow = read(
      "on: { manual: {} }\n"
      "timeout: 5m\n"
      "env: { BASE: \"${{ .vars.base }}\" }\n"
      "steps:\n"
      "  - wait: { for: 1m }\n"
      "  - wait: { for: \"${{ .env.BASE }}\" }\n"
      "on_failure:\n"
      "  - set: { why: \"${{ .error.message }}\", who: '${{ .steps[\"step-1\"].outcome }}' }\n"
      "  - id: last\n"
      "    set: { also: '${{ .steps[\"on-failure-1\"].body }}' }\n"
      "output: { ok: true }\n");
  CHECK(workflow.timeout == 5min);
  CHECK(evaluated(workflow.env,
                  Context().set(Root::vars, Value::object({{"base", Value::string("x")}}))) ==
        R"({"BASE":"x"})");
  CHECK(evaluated(action<tba::WaitStep>(workflow, 0).subject) == "\"1m\"");
  REQUIRE(workflow.on_failure.size() == 2);
  CHECK(workflow.on_failure[0].id == "on-failure-1");
  CHECK(workflow.on_failure[1].id == "last");
  CHECK(evaluated(*workflow.output) == R"({"ok":true})");
}

TEST_CASE("workflow: an expression that fails later still points into the file") {
  const auto workflow = read(
      "on: { webhook: { verify: none } }\n"
      "steps:\n"
      "  - set:\n"
      "      text: \"caf\\u00e9 ${{ .trigger.body.titel }}\"\n");
  const auto context =
      Context().set(Root::trigger, tba::parse_json(R"({"body": {"title": "x"}})").value());
  CHECK(evaluated(action<tba::SetStep>(workflow, 0).values, context)
            .starts_with("workflows/job.yaml:4:"));
}

TEST_CASE("workflow: the context as a whole may be read anywhere") {
  const auto workflow = read(
      "on: { manual: {} }\n"
      "env: { all: \"${{ . | length }}\" }\n"
      "steps: [{ set: { a: \"${{ . }}\", b: \"${{ keys }} ${{ .steps }}\" } }]\n"
      "output: ${{ map(length) }}\n");
  CHECK(workflow.references().size() >= 30);
}

TEST_CASE("workflow: without a catalog what connectors offer is not checked") {
  Diagnostics diagnostics;
  const auto workflow =
      tba::read_workflow("job.yaml",
                         "on: { webhook: { connector: nowhere, event: x, credential: c } }\n"
                         "steps: [{ call: nowhere/nothing, with: { a: 1 } }]\n",
                         {}, diagnostics);
  INFO(diagnostics.render());
  CHECK(workflow.has_value());
}

TEST_CASE("workflow: secrets stand for whole values, which expressions never see") {
  const auto workflow = read(R"(
on: { manual: {} }
steps:
  - call: discord/create-message
    with: { channel_id: "1", content: !secret clan.token }
  - http:
      url: "https://far.example"
      method: POST
      query: { a: !secret clan.token }
      headers: { X-B: !secret "clan.token", X-C: 1 }
      json: { deep: [1, { er: !secret clan.key }], plain: 2 }
  - http: { url: "https://far.example", method: POST, body: !secret clan.token }
  - run: [./a]
    env: { TOKEN: !secret clan.token }
)");
  using Secrets = std::vector<tba::expression::PlacedSecret>;
  const auto& call = action<tba::CallStep>(workflow, 0);
  CHECK(call.with.secrets() == Secrets{{{"content"}, {"clan", "token"}}});
  CHECK_FALSE(call.with.is_constant());
  CHECK(evaluated(call.with) == R"({"channel_id":"1","content":null})");
  const auto& http = action<tba::HttpStep>(workflow, 1);
  CHECK(http.query.secrets() == Secrets{{{"a"}, {"clan", "token"}}});
  CHECK(http.headers.secrets() == Secrets{{{"X-B"}, {"clan", "token"}}});
  CHECK(http.body.secrets() == Secrets{{{"deep", std::size_t{1}, "er"}, {"clan", "key"}}});
  CHECK(evaluated(http.body) == R"({"deep":[1,{"er":null}],"plain":2})");
  CHECK(action<tba::HttpStep>(workflow, 2).body.secrets() == Secrets{{{}, {"clan", "token"}}});
  CHECK(action<tba::RunStep>(workflow, 3).env.secrets() == Secrets{{{"TOKEN"}, {"clan", "token"}}});
  CHECK(workflow.credentials() == std::vector<std::string>{"clan"});
  CHECK(workflow.outside_names.size() == 6);
  CHECK(workflow.outside_names[0].connector == "discord");
  CHECK(workflow.outside_names[0].field == "token");
  CHECK(workflow.outside_names[0].where.place(0) == "workflows/job.yaml:5:47");
}

TEST_CASE("workflow: a retry may have expressions, the workflow's for all of its steps") {
  const auto workflow = read(R"(
on: { manual: {} }
retry: { on: "${{ .attempt.status == 409 or .error.kind == \"network\" }}" }
steps:
  - { id: a, run: [./a] }
  - id: b
    run: [./b]
    retry: { on: [5xx, "${{ .attempt.exit_code == 75 }}", "${{ .steps.a.outcome == .error.step }}"] }
)");
  REQUIRE(workflow.steps[0].retry->on_expressions.size() == 1);
  CHECK_FALSE(workflow.steps[0].retry->on_network);
  CHECK(workflow.steps[0].retry->on_statuses.empty());
  CHECK(workflow.steps[1].retry->on_expressions.size() == 2);
  CHECK(workflow.steps[1].retry->on_statuses == std::vector<int>{5});
  const auto references = workflow.references();
  CHECK(std::ranges::count(references, Root::attempt, &tba::expression::Reference::root) == 2);
  CHECK(std::ranges::count(references, Root::steps, &tba::expression::Reference::root) == 1);
}

TEST_CASE("workflow: a file with errors still has a name, and names others") {
  Diagnostics diagnostics;
  auto file = tba::read_workflow_file("flows/a.yaml", R"(
on: { manual: {} }
steps:
  - workflow: other
  - notify: officers
  - sett: { a: 1 }
)",
                                      {}, diagnostics);
  CHECK_FALSE(file.is_valid);
  CHECK(file.workflow.name == "a");
  REQUIRE(file.workflow.outside_names.size() == 2);
  CHECK(file.workflow.outside_names[1].name == "officers");
  file = tba::read_workflow_file("flows/b.yaml", "a: [", {}, diagnostics);
  CHECK_FALSE(file.is_valid);
  CHECK(file.workflow.name == "b");
}

TEST_CASE("workflow: every example is right") {
  const auto files = yaml_files("workflows-examples");
  CHECK(files.size() >= 5);
  for (const auto& file : files) {
    CAPTURE(file);
    const auto workflow =
        read(tba::read_file(file, tba::kMaxYamlBytes).value(), file.filename().string());
    CHECK(workflow.name == file.stem());
    CHECK_FALSE(workflow.description.empty());
  }
}

TEST_CASE("broken files: every problem is told as expected, word for word") {
  const auto files = yaml_files("tests/data/broken");
  CHECK(files.size() >= 40);
  for (const auto& file : files) {
    CAPTURE(file);
    Diagnostics diagnostics;
    const auto name = file.filename().string();
    auto text = tba::read_file(file, tba::kMaxYamlBytes).value();
    if (name.starts_with("connector-")) {
      CHECK_FALSE(tba::read_connector(name, std::move(text), diagnostics).has_value());
    } else {
      CHECK_FALSE(tba::read_workflow(name, std::move(text), {.catalog = &catalog()}, diagnostics)
                      .has_value());
    }
    tba::tests::check_accepted("tests/data/broken/" + file.stem().string() + ".expected",
                               diagnostics.render());
  }
}

TEST_CASE("workflow: the place of an expression is found however its text is written") {
  for (const auto& file : yaml_files("tests/data/places")) {
    const auto written = tba::read_file(file, tba::kMaxYamlBytes).value();
    std::string with_returns;
    for (const char c : written)
      with_returns += c == '\n' ? std::string("\r\n") : std::string(1, c);
    for (const auto& text : {written, with_returns, "\xEF\xBB\xBF" + written}) {
      CAPTURE(file, text);
      Diagnostics diagnostics;
      CHECK_FALSE(tba::read_workflow("a.yaml", text, {}, diagnostics).has_value());
      // Each names an input of its own, which is not there.
      constexpr std::string_view kInput = ".inputs.";
      std::size_t expressions = 0;
      for (auto at = text.find(kInput); at != std::string::npos; at = text.find(kInput, at + 1)) {
        const auto name = text.substr(at + kInput.size(), 2);
        const auto message = "there is no input '" + name + "'";
        const auto& items = diagnostics.items();
        const auto found = std::find_if(items.begin(), items.end(),
                                        [&](const auto& item) { return item.message == message; });
        CAPTURE(name);
        REQUIRE(found != items.end());
        CHECK(found->position == tba::SourceFile("a.yaml", text).position(at + kInput.size()));
        ++expressions;
      }
      CHECK(expressions > 5);
      CHECK(diagnostics.items().size() == expressions);
    }
  }
}

TEST_CASE("workflow: a schedule with all that it may say") {
  const auto workflow = read(
      "on:\n"
      "  - schedule: { cron: 30 2 * * MON#1, timezone: Europe/Berlin, on_gap: skip, on_overlap: "
      "both,\n"
      "                catch_up: all, jitter: 90s }\n"
      "  - schedule: { at: [2026-12-24T18:00, 2027-01-01T00:00:00Z], timezone: Europe/Berlin,\n"
      "                catch_up: latest }\n"
      "  - schedule: { at: 2026-12-24T18:00:00Z }\n"
      "  - schedule: { every: 1h, jitter: 59m }\n"
      "steps: [ { set: { a: 1 } } ]\n");
  const auto schedule = [&](std::size_t index) -> const tba::ScheduleTrigger& {
    return std::get<tba::ScheduleTrigger>(workflow.triggers.at(index));
  };
  const auto& cron = std::get<tba::CronSchedule>(schedule(0).schedule);
  CHECK(cron.zone.name() == "Europe/Berlin");
  CHECK(cron.on_gap == tba::OnGap::skip);
  CHECK(cron.on_overlap == tba::OnOverlap::both);
  CHECK(schedule(0).catch_up == tba::CatchUp::all);
  CHECK(schedule(0).jitter == 90s);
  CHECK(tba::text_of(schedule(1).schedule) ==
        "at 2026-12-24T17:00:00.000Z, 2027-01-01T00:00:00.000Z");
  CHECK(schedule(1).catch_up == tba::CatchUp::latest);
  CHECK(schedule(2).catch_up == tba::CatchUp::none);
  CHECK(schedule(2).jitter == 0s);
  CHECK(schedule(3).jitter == 59min);
}
