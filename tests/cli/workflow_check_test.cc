#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using cli::Json;

constexpr const char* kGood = "on: { manual: {} }\nsteps:\n  - set: { a: 1 }\n";
constexpr const char* kBad = "on: { manual: {} }\nstepz: []\n";

}  // namespace

TEST_CASE_METHOD(CliFixture, "workflow check: files in order are counted") {
  const auto good = folder.write("good.yaml", kGood);
  const auto result = run({"workflow", "check", good.string()});
  CHECK(result.err.empty());
  CHECK(result.out == "1 file checked, no errors\n");
  CHECK(result.code == 0);
}

TEST_CASE_METHOD(CliFixture, "workflow check: all problems of all files, and exit code 6") {
  folder.write("flows/good.yml", kGood);
  const auto bad = folder.write("flows/bad.yaml", kBad);
  folder.write("flows/notes.txt", "no workflow");
  const auto result = run({"workflow", "check", folder / "flows"});
  CHECK(result.code == 6);
  CHECK(result.out == "2 files checked, 1 with errors\n");
  CHECK_THAT(result.err, Contains(bad.string() + ":2:1: error: ") &&
                             Contains("(did you mean 'steps'?)") && Contains("stepz: []\n"));
}

TEST_CASE_METHOD(CliFixture, "workflow check: --output json gives records of the problems") {
  const auto bad = folder.write("bad.yaml", kBad);
  const auto result = run({"workflow", "check", bad.string(), "--output", "json"});
  CHECK(result.code == 6);
  const auto items = Json::parse(result.out).at("items");
  REQUIRE(items.size() == 1);
  CHECK(items[0].at("path") == bad.string());
  CHECK(items[0].at("valid") == false);
  CHECK(items[0].at("diagnostics")[0].at("severity") == "error");
}

TEST_CASE_METHOD(CliFixture, "workflow check: two workflows of the same name are an error") {
  const auto one = folder.write("one.yaml", std::string("name: same\n") + kGood);
  const auto two = folder.write("two.yaml", std::string("name: same\n") + kGood);
  const auto result = run({"workflow", "check", one.string(), two.string()});
  CHECK(result.code == 6);
  CHECK_THAT(result.err, Contains("the name 'same' is taken by " + one.string()));
}

TEST_CASE_METHOD(CliFixture,
                 "workflow check: vars are those of the configuration, if there is one") {
  const auto file = folder.write("uses.yaml",
                                 "on: { manual: {} }\nsteps:\n  - set: { a: \"${{ .vars.rgion "
                                 "}}\", b: \"${{ .vars.deep.x }}\" }\n");
  CHECK(run({"workflow", "check", file.string()}).code == 0);
  folder.write("config.yaml", "vars: { region: eu, deep: { y: 1 } }\n");
  const auto result = run({"workflow", "check", file.string()});
  CHECK(result.code == 6);
  CHECK_THAT(
      result.err,
      Contains(":3:26: error: the configuration has no var 'rgion' (did you mean 'region'?)") &&
          Contains("hint: declare it in `vars:` of config.yaml") &&
          Contains(":3:56: error: '.vars.deep' has no 'x'"));
  folder.write("config.yaml", "log: { level: info }\n");
  CHECK_THAT(run({"workflow", "check", file.string()}).err, Contains("no var 'rgion'"));
  folder.write("config.yaml", "vars: [\n");
  CHECK(run({"workflow", "check", file.string()}).code == 0);
}

TEST_CASE_METHOD(CliFixture, "workflow check: a warning is shown, and is no error") {
  const auto file =
      folder.write("slip.yaml",
                   "on: { webhook: { connector: github, event: issues, credential: c } }\n"
                   "steps:\n  - set: { a: \"${{ .trigger.body.issue.titel }}\" }\n");
  const auto result = run({"workflow", "check", file.string()});
  CHECK(result.code == 0);
  CHECK(result.out == "1 file checked, no errors\n");
  CHECK_THAT(result.err, Contains(":3:40: warning: '.trigger.body.issue' is not known to have "
                                  "'titel' (did you mean 'title'?)"));
}

TEST_CASE_METHOD(CliFixture, "workflow check: workflows and targets that are named must be there") {
  const std::string text =
      "on: { manual: {} }\nsteps:\n  - workflow: nigthly\n  - notify: officer\n";
  folder.write("workflows/nightly.yaml", kGood);
  const auto calling = folder.write("workflows/calling.yaml", text);
  const std::string unknown =
      ":3:15: error: there is no workflow 'nigthly' (did you mean 'nightly'?)";
  // Without a configuration nobody knows whom there is to notify.
  for (const auto& arguments : {std::vector<std::string>{"workflow", "check"},
                                std::vector<std::string>{"workflow", "check", calling.string()}}) {
    const auto result = run(arguments);
    CHECK(result.code == 6);
    CHECK_THAT(result.err, Contains(unknown) && !Contains("officer"));
  }
  folder.write("config.yaml", "notify: { officers: { call: discord/create-message } }\n");
  const auto result = run({"workflow", "check"});
  CHECK_THAT(result.err,
             Contains(":4:13: error: there is no target 'officer' to notify (did you mean "
                      "'officers'?)") &&
                 Contains("hint: name it in `notify:` of config.yaml"));
  CHECK(result.out == "2 files checked, 1 with errors\n");
}

TEST_CASE_METHOD(CliFixture, "workflow check: workflows of other folders may be elsewhere") {
  const auto calling =
      folder.write("flows/calling.yaml", "on: { manual: {} }\nsteps:\n  - workflow: nigthly\n");
  folder.write("flows/nightly.yaml", kGood);
  const auto result = run({"workflow", "check", calling.string()});
  CHECK(result.code == 0);
  CHECK_THAT(result.err, Contains(":3:15: warning: no workflow 'nigthly' is known here (did you "
                                  "mean 'nightly'?)"));
  // Folders that the configuration names are the home's.
  folder.write("config.yaml", "workflows: [flows]\n");
  CHECK(run({"workflow", "check", calling.string()}).code == 6);
  CHECK(run({"workflow", "check"}).out == "2 files checked, 1 with errors\n");
}

TEST_CASE_METHOD(CliFixture, "workflow check: a daemon can be asked, which knows credentials") {
  FakeDaemon daemon(socket());
  daemon.on("POST /check", R"({"items":[{"path":"/a.yaml","valid":true,"diagnostics":[
    {"severity":"warning","line":3,"column":5,"length":3,"message":"there is no credential 'x'",
     "hint":"set it"}]}],"next":null})");
  const auto file = folder.write("a.yaml", kGood);
  const auto result = run({"workflow", "check", "--daemon", file.string()});
  CHECK(result.code == 0);
  CHECK(result.out == "1 file checked, no errors\n");
  CHECK(result.err ==
        "/a.yaml:3:5: warning: there is no credential 'x'\n"
        "    3 |   - set: { a: 1 }\n"
        "      |     ^~~\n"
        "      hint: set it\n");
  const auto sent = Json::parse(daemon.last().body).at("files");
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].at("text") == kGood);
  CHECK_THAT(sent[0].at("path").get<std::string>(), StartsWith("/") && Catch::EndsWith("a.yaml"));
  CHECK(run({"workflow", "check", "--daemon", folder / "none.yaml"}).code == 3);
  CHECK(run({"workflow", "check", "--daemon", "--connectors", folder / "", file.string()}).code ==
        2);
}

TEST_CASE_METHOD(CliFixture, "workflow check: without a daemon none can be asked") {
  const auto file = folder.write("a.yaml", kGood);
  CHECK(run({"workflow", "check", "--daemon", file.string()}).code == 5);
}

TEST_CASE_METHOD(CliFixture, "workflow check: the home's folder where nothing is named") {
  CHECK(run({"workflow", "check"}).code == 3);
  folder.write("workflows/good.yaml", kGood);
  CHECK(run({"workflow", "check"}).out == "1 file checked, no errors\n");
}

TEST_CASE_METHOD(CliFixture, "workflow check: the home's own connectors count, broken ones too") {
  folder.write("connectors/shop.yaml",
               "connector: shop\nbase_url: https://shop.example\nendpoints:\n"
               "  list: { method: GET, path: /items }\n");
  const auto good = folder.write("w.yaml", "on: { manual: {} }\nsteps:\n  - call: shop/list\n");
  CHECK(run({"workflow", "check", good.string()}).code == 0);
  const auto wrong = folder.write("x.yaml", "on: { manual: {} }\nsteps:\n  - call: shop/lits\n");
  CHECK_THAT(run({"workflow", "check", wrong.string()}).err, Contains("did you mean"));
  folder.write("connectors/broken.yaml", "connector: [\n");
  const auto result = run({"workflow", "check", good.string()});
  CHECK(result.code == 6);
  CHECK_THAT(result.err, Contains("connectors/broken.yaml:"));
}

TEST_CASE_METHOD(CliFixture, "workflow check: missing files and empty folders") {
  const auto bad = folder.write("bad.yaml", kBad);
  const auto large = folder.write("large.yaml", std::string((1 << 20) + 1, '#'));
  const auto huge = folder.write("huge.yaml", std::string((8 << 20) + 1, '#'));
  const auto missing =
      run({"workflow", "check", folder / "none.yaml", large.string(), huge.string(), bad.string()});
  CHECK(missing.code == 6);
  CHECK(missing.out == "4 files checked, 4 with errors\n");
  CHECK_THAT(missing.err, Contains("none.yaml cannot be read") &&
                              Contains("large.yaml:1:1: error: the file is larger than 1MiB") &&
                              Contains("huge.yaml holds more than 8MiB") &&
                              Contains(bad.string() + ":2:1: error: "));
  folder.write("empty/readme.txt", "");
  const auto empty = run({"workflow", "check", folder / "empty"});
  CHECK(empty.code == 0);
  CHECK_THAT(empty.err, StartsWith("no workflow files (*.yaml) in "));
}

TEST_CASE_METHOD(CliFixture, "workflow check: a connector's file is checked as one") {
  const auto shop = folder.write("mine/shop.yaml",
                                 "connector: shop\nbase_url: https://shop.example\nendpoints:\n"
                                 "  list: { method: GET, path: /items }\n");
  const auto flow = folder.write("w.yaml", "on: { manual: {} }\nsteps:\n  - call: shop/list\n");
  CHECK(run({"workflow", "check", flow.string(), shop.string()}).out ==
        "2 files checked, no errors\n");
  CHECK(run({"workflow", "check", flow.string(), "--connectors", folder / "mine"}).code == 0);
  std::string imported = "connector: large\nbase_url: https://a.example\nendpoints:\n";
  for (int i = 0; imported.size() < (2 << 20); ++i)
    imported += "  e" + std::to_string(i) + ": { method: GET, path: /items }\n";
  CHECK(run({"workflow", "check", folder.write("large.yaml", imported).string()}).code == 0);
  const auto broken = folder.write("broken.yaml", "connector: shop\nendpoint: {}\n");
  CHECK_THAT(run({"workflow", "check", broken.string()}).err,
             Contains("did you mean 'endpoints'?") && !Contains("'steps'"));
  const auto nowhere = run({"workflow", "check", flow.string(), "--connectors", "/nope"});
  CHECK(nowhere.code == 3);
  CHECK_THAT(nowhere.err, Contains("cannot read the folder /nope"));
}

TEST_CASE_METHOD(CliFixture, "workflow check: workflows may call the plugins of a folder") {
  const auto manifest = folder.write("mine/table/plugin.yaml",
                                     "plugin: table\nversion: 1\ncommand: [./main]\n"
                                     "endpoints: { parse: { parameters: { text: {} } } }\n");
  const auto flow = folder.write("w.yaml",
                                 "on: { manual: {} }\nsteps:\n"
                                 "  - { call: table/parse, with: { text: a } }\n");
  CHECK(run({"workflow", "check", flow.string()}).code == 6);
  CHECK(run({"workflow", "check", flow.string(), "--plugins", folder / "mine"}).code == 0);
  CHECK(run({"workflow", "check", flow.string(), manifest.string()}).out ==
        "2 files checked, no errors\n");
  CHECK(run({"connector", "check", manifest.string()}).code == 0);
  folder.write("mine/table/plugin.yaml", "plugin: table\nendpoints: {}\n");
  const auto broken = run({"workflow", "check", flow.string(), "--plugins", folder / "mine"});
  CHECK(broken.code == 6);
  CHECK_THAT(broken.err, Contains(manifest.string() + ":1:1: error: a plugin needs the key"));
  CHECK(run({"workflow", "check", flow.string(), "--daemon", "--plugins", folder / "mine"}).code ==
        2);
  const auto no_folder = run({"workflow", "check", flow.string(), "--plugins", flow.string()});
  CHECK(no_folder.code == 1);
  CHECK_THAT(no_folder.err, Contains("cannot read the folder " + flow.string()));
}

TEST_CASE_METHOD(CliFixture, "workflow check: two workflows at one webhook path are an error") {
  constexpr const char* kHook =
      "on: { webhook: { path: in, verify: none } }\nsteps:\n  - set: { a: 1 }\n";
  const auto one = folder.write("one.yaml", kHook);
  const auto two = folder.write("two.yaml", kHook);
  const auto result = run({"workflow", "check", one.string(), two.string()});
  CHECK(result.code == 6);
  CHECK_THAT(result.err, Contains("the webhook path 'in' is taken by " + one.string()));
}

}  // namespace tba::tests
