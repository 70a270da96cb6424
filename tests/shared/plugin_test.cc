#include "shared/plugin.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "shared/connector_reader.h"
#include "shared/file.h"
#include "shared/file_check.h"
#include "tests/support/temporary_folder.h"

using Catch::Contains;
using tba::Connector;
using tba::Diagnostics;
using tba::ValueType;

namespace {

constexpr const char* kManifest = R"(plugin: table
version: 1.0.0
title: Tables
command: [./main.js, --quiet]
permissions: { network: true }
limits: { memory: 64MiB, calls: 2 }
auth: { key: { type: bearer } }
retry: { on: [network] }
test: check
endpoints:
  check: {}
  read:
    title: Read a table
    description: From text
    effect: keyed
    retry: { attempts: 2 }
    parameters:
      text: { type: string, required: true, description: what to read }
      separator: { type: string, default: ",", choices: [",", ";"] }
    response: { rows: [{ ...: string }] }
)";

Connector read(std::string text) {
  Diagnostics diagnostics;
  auto connector = tba::read_connector("/plugins/table/plugin.yaml", std::move(text), diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *std::move(connector);
}

std::string problems(std::string text) {
  Diagnostics diagnostics;
  CHECK_FALSE(tba::read_connector("plugin.yaml", std::move(text), diagnostics));
  return diagnostics.render();
}

}  // namespace

TEST_CASE("plugin manifest: it is a connector whose calls a program answers") {
  const auto table = read(kManifest);
  CHECK(table.name == "table");
  CHECK(table.title == "Tables");
  CHECK(table.text == kManifest);
  CHECK(table.base_url.empty());
  CHECK(table.test == "check");
  CHECK(table.scheme("key")->type == tba::AuthScheme::Type::bearer);
  CHECK(table.retry->on_network);
  REQUIRE(table.plugin);
  CHECK(table.plugin->version == "1.0.0");
  CHECK(table.plugin->command == std::vector<std::string>{"./main.js", "--quiet"});
  CHECK(table.plugin->folder == "/plugins/table");
  CHECK(table.plugin->memory == 64 << 20);
  CHECK(table.plugin->calls == 2);
  CHECK(table.plugin->may_use_network);
  const auto* endpoint = table.endpoint("read");
  REQUIRE(endpoint != nullptr);
  CHECK(endpoint->title == "Read a table");
  CHECK(endpoint->description == "From text");
  CHECK(endpoint->effect == tba::Effect::keyed);
  CHECK(endpoint->retry->attempts == 2);
  REQUIRE(endpoint->parameters.size() == 2);
  CHECK(endpoint->parameters[0].type() == ValueType::string);
  CHECK(endpoint->parameters[0].required);
  CHECK(endpoint->parameters[0].description == "what to read");
  CHECK(endpoint->parameters[1].default_value == tba::Value::string(","));
  CHECK(endpoint->parameters[1].choices.size() == 2);
  CHECK(table.takes_keys("read"));
  CHECK_FALSE(table.takes_keys("check"));
  CHECK_FALSE(table.takes_keys("none"));
}

TEST_CASE("plugin manifest: what it does not say is little") {
  const auto table = read("plugin: t\nversion: 1\ncommand: [t]\nendpoints: { a: {} }\n");
  CHECK(table.title == "t");
  CHECK(table.plugin->memory == std::size_t{512} << 20);
  CHECK(table.plugin->calls == 16);
  CHECK_FALSE(table.plugin->may_use_network);
  CHECK_FALSE(table.endpoint("a")->effect);
}

TEST_CASE("plugin manifest: every mistake has its place") {
  CHECK_THAT(problems("plugin: t\nendpoints: {}\n"),
             Contains("plugin.yaml:1:1: error: a plugin needs the key 'version'") &&
                 Contains("a plugin needs the key 'command'"));
  CHECK_THAT(problems("plugin: t\nversion: 1\ncommand: []\nendpoints: {}\n"),
             Contains("plugin.yaml:3:10: error: 'command' is an empty list"));
  CHECK_THAT(problems("plugin: t\nversion: 1\ncommand: [\"\"]\nendpoints: {}\n"),
             Contains("plugin.yaml:3:10: error: 'command' names no program"));
  CHECK_THAT(
      problems("plugin: t\nversion: 1\ncommand: [t]\nlimits: { memory: 1KiB }\nendpoints: {}\n"),
      Contains("plugin.yaml:4:19: error: 'memory' must be from 16MiB to 64GiB"));
  CHECK_THAT(problems("plugin: t\nversion: 1\ncommand: [t]\nlimits: { memory: 65GiB, calls: 0 "
                      "}\nendpoints: {}\n"),
             Contains("'memory' must be from") && Contains("'calls' must be an integer from 1"));
  CHECK_THAT(
      problems("plugin: t\nversion: 1\ncommand: [t]\npermissions: { disk: true }\nendpoints: {}\n"),
      Contains("plugin.yaml:4:16: error: permissions has no key 'disk'"));
  CHECK_THAT(
      problems("plugin: t\nversion: 1\ncommand: [t]\nbase_url: https://a.example\nendpoints: {}\n"),
      Contains("plugin.yaml:4:1: error: a plugin has no key 'base_url'"));
  CHECK_THAT(problems("plugin: t\nversion: 1\ncommand: [t]\nendpoints: { a: { method: GET } }\n"),
             Contains("an endpoint has no key 'method'"));
  CHECK_THAT(problems("plugin: t\nversion: 1\ncommand: [t]\n"
                      "endpoints: { a: { parameters: { b: { in: query } } } }\n"),
             Contains("a parameter has no key 'in'"));
  CHECK_THAT(problems("plugin: t\nversion: 1\ncommand: [t]\ntest: b\nendpoints: { ab: {} }\n"),
             Contains("there is no endpoint 'b'"));
}

TEST_CASE("plugin manifest: workflows are checked against it") {
  tba::FileCheck check({.connectors = tba::built_in_connectors()});
  check.read_connectors({{"table/plugin.yaml", std::string(kManifest)}});
  const auto step = [](const std::string& call) {
    return "on: { manual: {} }\nsteps:\n  - " + call + "\n";
  };
  check.read_files({
      {"good.yaml", step("{ id: a, call: table/read, with: { text: x }, effect: keyed }\n"
                         "  - set: { b: \"${{ .steps.a.body.rows }}\" }")},
      {"parameter.yaml", step("{ call: table/read, with: { txt: x } }")},
      {"endpoint.yaml", step("{ call: table/reed }")},
      {"key.yaml", step("{ call: table/check, effect: keyed }")},
      {"body.yaml", step("{ id: a, call: table/read, with: { text: x } }\n"
                         "  - set: { b: \"${{ .steps.a.body.lines }}\" }")},
  });
  const auto told = [&](std::size_t file) { return check.checked()[file].diagnostics.render(); };
  CHECK(told(0).empty());
  CHECK_THAT(told(1), Contains("txt") && Contains("text"));
  CHECK_THAT(told(2), Contains("did you mean 'read'?"));
  CHECK_THAT(told(3),
             Contains("plugin 'table' does not say that check knows idempotency keys again"));
  CHECK_THAT(told(4), Contains("lines"));
}

TEST_CASE("plugin manifest: the examples are right, and so are the workflows that use them") {
  const auto examples = std::filesystem::path(TBA_SOURCE_DIR) / "workflows-examples/plugins";
  const auto text_of = [](const std::filesystem::path& file) {
    return tba::FileText{file.string(), tba::read_file(file, tba::kMaxYamlBytes)};
  };
  std::vector<std::filesystem::path> manifests;
  REQUIRE_FALSE(tba::list_plugin_manifests(examples, manifests));
  CHECK(manifests.size() >= 2);
  tba::FileCheck check({.connectors = tba::built_in_connectors()});
  for (const auto& manifest : manifests) check.read_connectors({text_of(manifest)});
  std::vector<tba::FileText> workflows;
  for (const auto& entry : std::filesystem::directory_iterator(examples)) {
    if (entry.path().extension() == ".yaml") workflows.push_back(text_of(entry.path()));
  }
  CHECK(workflows.size() == manifests.size());
  check.read_files(std::move(workflows));
  for (const auto& checked : check.checked()) CHECK(checked.diagnostics.render() == "");
}

TEST_CASE("plugin manifest: a folder has one for each folder in it that has one") {
  tba::tests::TemporaryFolder folder;
  const auto one = folder.write("table/plugin.yaml", "");
  folder.write("other/manifest.yaml", "");
  folder.write("plugin.yaml", "");
  std::filesystem::create_directories(folder / "odd/plugin.yaml");
  std::vector<std::filesystem::path> manifests;
  CHECK_FALSE(tba::list_plugin_manifests(folder.path(), manifests));
  CHECK(manifests == std::vector{one});
  CHECK_FALSE(tba::list_plugin_manifests(folder / "nowhere", manifests));
  CHECK(tba::list_plugin_manifests(one, manifests));
  CHECK(manifests.size() == 1);
}
