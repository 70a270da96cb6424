#include "daemon/workflows.h"

#include <catch2/catch.hpp>

#include "tests/support/daemon_world.h"

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using tba::tests::DaemonWorld;

namespace {

const std::string kSmall = "on: { manual: {} }\nsteps: [ { set: { a: 1 } } ]\n";
const std::string kBroken = "on: { manual: {} }\nsteps: [ { sett: { a: 1 } } ]\n";
const std::string kCallsMine = R"(
on: { manual: {} }
steps: [ { call: mine/ping } ]
)";

std::string connector_at(const std::string& name, const std::string& host) {
  return "connector: " + name + "\nbase_url: https://" + host +
         "\nendpoints: { ping: { method: GET, path: /ping } }\n";
}

/// Files that a test writes as it likes.
struct World : DaemonWorld {
  void write(const std::string& file, const std::string& text) {
    engine.folder.write(file, text);
    reload();
  }
  void remove(const std::string& file) {
    std::filesystem::remove(engine.folder / file);
    reload();
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& [name, loaded] : workflows().current()->workflows) names.push_back(name);
    return names;
  }
  const tba::engine::Definition& definition(const std::string& name) {
    return *workflows().current()->find(name)->definition;
  }
  /// Where the workflow's connector has its API.
  std::string base_url(const std::string& workflow, const std::string& connector) {
    return definition(workflow).connectors.find(connector)->second->base_url;
  }
  const std::vector<tba::daemon::BrokenFile>& broken() { return workflows().current()->broken; }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("workflows: every YAML file of the folders is one, and nothing else") {
  World world;
  CHECK(world.names().empty());
  world.engine.folder.write("workflows/b.yml", kSmall);
  world.engine.folder.write("workflows/notes.txt", kBroken);
  world.engine.folder.write("workflows/deeper/c.yaml", kSmall);
  world.write("workflows/a.yaml", "name: alpha\n" + kSmall);
  CHECK(world.names() == Names{"alpha", "b"});
  CHECK(world.broken().empty());
}

TEST_CASE("workflows: a file that breaks is reported, and what it said before stays in force") {
  World world;
  world.write("workflows/a.yaml", kSmall);
  const auto hash = world.definition("a").hash;
  world.write("workflows/a.yaml", kBroken);
  CHECK(world.names() == Names{"a"});
  CHECK(world.definition("a").hash == hash);
  REQUIRE(world.broken().size() == 1);
  CHECK_THAT(world.broken()[0].path, EndsWith("workflows/a.yaml"));
  CHECK_THAT(world.broken()[0].diagnostics, Contains("a.yaml:2:12: error:"));

  world.reload();
  CHECK(world.definition("a").hash == hash);

  world.write("workflows/a.yaml", kSmall + "description: mended\n");
  CHECK(world.broken().empty());
  CHECK(world.definition("a").workflow->description == "mended");
}

TEST_CASE("workflows: a file that was never right is only reported") {
  World world;
  world.write("workflows/a.yaml", kBroken);
  CHECK(world.names().empty());
  CHECK(world.broken().size() == 1);
}

TEST_CASE("workflows: a file that cannot be read is reported") {
  World world;
  world.write("workflows/a.yaml", std::string(3 << 20, '#'));
  REQUIRE(world.broken().size() == 1);
  CHECK_THAT(world.broken()[0].diagnostics, Contains("a.yaml"));
}

TEST_CASE("workflows: a folder that cannot be read is reported, and its files stay in force") {
  World world;
  world.write("workflows/a.yaml", kSmall);
  const auto folder = world.engine.folder / "workflows";
  std::filesystem::rename(folder, world.engine.folder / "away");
  world.write("workflows", "no folder");
  CHECK(world.names() == Names{"a"});
  REQUIRE(world.broken().size() == 2);
  CHECK(world.broken()[0].path == folder.string());
  CHECK_THAT(world.broken()[0].diagnostics, Contains("the folder cannot be read: "));
  CHECK_THAT(world.broken()[1].path, EndsWith("workflows/a.yaml"));
}

TEST_CASE("workflows: a connector that is broken leaves no built-in one in its place") {
  World world;
  world.write("connectors/github.yaml", "connector: github\nbase_url: 7\n");
  CHECK(world.broken().size() == 1);
  CHECK_FALSE(world.workflows().current()->connectors.find("github"));
  CHECK(world.workflows().current()->connectors.find("discord"));
  world.remove("connectors/github.yaml");
  CHECK(world.workflows().current()->connectors.find("github"));
}

TEST_CASE("workflows: a file that is gone takes its workflow along") {
  World world;
  world.write("workflows/a.yaml", kSmall);
  world.write("workflows/b.yaml", kSmall);
  world.remove("workflows/a.yaml");
  CHECK(world.names() == Names{"b"});
  world.write("workflows/a.yaml", kBroken);
  CHECK(world.names() == Names{"b"});
}

TEST_CASE("workflows: of two files with one name the first is taken, the other reported") {
  World world;
  world.engine.folder.write("workflows/a.yaml", "name: same\n" + kSmall);
  world.write("workflows/b.yaml", "name: same\n" + kSmall);
  CHECK(world.names() == Names{"same"});
  REQUIRE(world.broken().size() == 1);
  CHECK_THAT(world.broken()[0].path, EndsWith("b.yaml"));
  CHECK_THAT(world.broken()[0].diagnostics,
             Contains("the name 'same' is taken by") && Contains("a.yaml"));
}

TEST_CASE("workflows: a file that takes another's name or path keeps what it said before") {
  World world;
  const std::string hook =
      "on: { webhook: { verify: none, path: door } }\nsteps: [ { set: { a: 1 } } ]\n";
  world.write("workflows/a.yaml", hook);
  world.write("workflows/b.yaml", kSmall);
  REQUIRE(world.names() == Names{"a", "b"});

  world.write("workflows/b.yaml", hook);
  CHECK(world.names() == Names{"a", "b"});
  CHECK(world.workflows().current()->webhook_paths.find("door")->second == "a");
  REQUIRE(world.broken().size() == 1);
  CHECK_THAT(world.broken()[0].diagnostics,
             Contains("b.yaml: error: the webhook path 'door' is taken by workflow 'a'"));

  world.write("workflows/b.yaml", "name: a\n" + kSmall);
  CHECK(world.names() == Names{"a", "b"});
  CHECK(world.broken().size() == 1);
}

TEST_CASE("workflows: one is held as long as one of its credentials cannot be used") {
  World world;
  const auto held = [&] { return world.workflows().current()->find("a")->held; };
  world.write("workflows/a.yaml", R"(
on: { webhook: { connector: github, credential: hook } }
steps: [ { call: github/get-authenticated-user, credential: bot } ]
)");
  REQUIRE(held().size() == 2);
  world.credential("bot", "token", "ghp_0123456789");
  REQUIRE(held().size() == 1);
  CHECK_THAT(held()[0], Contains("'hook'"));
  world.credential("hook", "webhook", "a secret");
  CHECK(held().empty());
  world.reload();
  CHECK(held().empty());
  world.engine.await(world.credentials().remove("bot")).value();
  REQUIRE(held().size() == 1);
  CHECK_THAT(held()[0], Contains("'bot'"));
}

TEST_CASE("workflows: one is held as long as one of its credentials is for something else") {
  World world;
  const auto held = [&] { return world.workflows().current()->find("a")->held; };
  world.credential("bot", "token", "ghp_0123456789");
  world.credential("hook", "webhook", "a secret");
  world.engine.folder.write("connectors/mine.yaml", R"(
connector: mine
base_url: https://mine.example
auth: { webhook: { type: webhook_secret } }
webhook: { verify: { scheme: hmac_sha256, header: X-Signature } }
endpoints: { ping: { method: GET, path: /ping } }
)");
  world.write("workflows/a.yaml", R"(
on: { webhook: { connector: github, credential: bot } }
steps:
  - { call: github/get-authenticated-user, credential: hook }
  - { call: mine/ping, credential: bot }
  - { http: { url: "http://far.example/" }, credential: hook }  # for the same reason as above
)");
  CHECK(held() ==
        Names{"credential 'bot' cannot check webhooks: it is of type bearer, not webhook_secret",
              "credential 'hook' is a webhook's secret, which cannot authenticate a call",
              "credential 'bot' belongs to connector 'github', not 'mine'"});
  world.write("workflows/a.yaml", R"(
on: { webhook: { connector: mine, credential: hook } }
steps: [ { call: github/get-authenticated-user, credential: bot } ]
)");
  CHECK(held() == Names{"credential 'hook' belongs to connector 'github', not 'mine'"});
}

TEST_CASE("workflows: one is held as long as a secret of it is not there, wherever it stands") {
  World world;
  const auto held = [&] { return world.workflows().current()->find("a")->held; };
  world.write("workflows/a.yaml", R"(
on: { manual: {} }
steps:
  - parallel:
      one: [ { run: [./a], env: { TOKEN: !secret bot.key } } ]
      two: [ { call: github/get-authenticated-user, credential: other } ]
finally: [ { call: discord/create-message, with: { channel_id: "1", content: !secret bot.token } } ]
)");
  REQUIRE(held().size() == 2);
  CHECK_THAT(held()[0], Contains("'bot'"));
  CHECK_THAT(held()[1], Contains("'other'"));
  world.credential("bot", "token", "ghp_0123456789");
  world.credential("other", "token", "ghp_0123456789");
  CHECK(held() ==
        Names{"credential 'bot' has no field 'key'",
              "credential 'bot' belongs to connector 'github', so 'discord' is not given its "
              "secrets"});
}

TEST_CASE("workflows: one is held where it would send a credential elsewhere") {
  World world;
  const auto held = [&] { return world.workflows().current()->find("a")->held; };
  world.credential("bot", "token", "ghp_0123456789");
  const auto with_url = [&](const std::string& url) {
    world.write("workflows/a.yaml",
                "on: { manual: {} }\nsteps:\n  - { credential: bot, http: { url: '" + url +
                    "' } }\n  - http: { url: '" + url +
                    "', headers: { X-Key: !secret bot.token } }\n");
    return held();
  };
  CHECK(with_url("https://api.github.com/user").empty());
  CHECK(with_url("https://api.github.com/users/${{ .run.id }}").empty());
  CHECK(with_url("https://api.github.com${{ .run.id }}").empty());
  CHECK(with_url("${{ .vars.url }}").empty());
  const Names elsewhere{
      "credential 'bot' is only sent to https://api.github.com:443, which is not where the "
      "request goes"};
  CHECK(with_url("https://far.example/users/${{ .run.id }}") == elsewhere);
  CHECK(with_url("http://api.github.com") == elsewhere);
}

TEST_CASE("workflows: what was got hold of does not change") {
  World world;
  world.write("workflows/a.yaml", kSmall);
  const auto before = world.workflows().current();
  world.remove("workflows/a.yaml");
  CHECK(before->find("a"));
  CHECK_FALSE(world.workflows().current()->find("a"));
}

TEST_CASE("workflows: the users' connectors stand in the place of built-in ones of their name") {
  World world;
  world.engine.folder.write("workflows/a.yaml",
                            "on: { manual: {} }\nsteps: [ { call: github/ping } ]\n");
  world.write("connectors/hub.yaml", connector_at("github", "git.example"));
  CHECK(world.broken().empty());
  CHECK(world.base_url("a", "github") == "https://git.example");
  world.remove("connectors/hub.yaml");
  CHECK(world.workflows().current()->connectors.find("github")->base_url ==
        "https://api.github.com");
}

TEST_CASE("workflows: another connector text is another version of the workflow") {
  World world;
  world.engine.folder.write("workflows/a.yaml", kCallsMine);
  world.write("connectors/mine.yaml", connector_at("mine", "one.example"));
  const auto hash = world.definition("a").hash;
  world.write("connectors/mine.yaml", connector_at("mine", "two.example"));
  CHECK(world.definition("a").hash != hash);
  CHECK(world.base_url("a", "mine") == "https://two.example");
}

TEST_CASE("workflows: a connector file that breaks is reported and keeps what it said before") {
  World world;
  world.engine.folder.write("workflows/a.yaml", kCallsMine);
  world.engine.folder.write("connectors/hub.yaml", connector_at("github", "git.example"));
  world.write("connectors/mine.yaml", connector_at("mine", "one.example"));
  REQUIRE(world.broken().empty());

  world.engine.folder.write("connectors/hub.yaml", "connector: github\n");
  world.write("connectors/mine.yaml", "connector: [\n");
  CHECK(world.broken().size() == 2);
  CHECK(world.base_url("a", "mine") == "https://one.example");
  // In no case may a call go to the built-in one's address instead.
  CHECK(world.workflows().current()->connectors.find("github")->base_url == "https://git.example");

  world.write("workflows/b.yaml", kCallsMine);
  CHECK(world.names() == Names{"a", "b"});
  world.remove("connectors/mine.yaml");
  CHECK_FALSE(world.workflows().current()->connectors.find("mine"));
}

TEST_CASE("workflows: what expressions read of vars must be in the configuration") {
  World world;
  world.engine.vars = tba::Value::object({{"region", tba::Value::string("eu")}});
  world.write("workflows/right.yaml",
              "on: { manual: {} }\nsteps: [ { set: { a: \"${{ .vars.region }}\" } } ]\n");
  world.write("workflows/wrong.yaml",
              "on: { manual: {} }\nsteps: [ { set: { a: \"${{ .vars.regon }}\" } } ]\n");
  CHECK(world.names() == Names{"right"});
  REQUIRE(world.broken().size() == 1);
  CHECK_THAT(world.broken()[0].diagnostics,
             Contains("the configuration has no var 'regon' (did you mean 'region'?)"));
}

TEST_CASE("workflows: plugins are connectors, each in a folder of its own") {
  World world;
  constexpr const char* kManifest =
      "plugin: table\nversion: 1\ncommand: [./main]\nendpoints: { parse: {} }\n";
  world.engine.folder.write("plugins/notes.yaml", kBroken);
  world.engine.folder.write("plugins/table/plugin.yaml", kManifest);
  world.write("workflows/a.yaml", "on: { manual: {} }\nsteps: [{ call: table/parse }]\n");
  CHECK(world.names() == Names{"a"});
  CHECK(world.broken().empty());
  const auto set = world.workflows().current();
  CHECK(set->plugins == Names{"table"});
  CHECK(set->connectors.find("table")->plugin->folder == world.engine.folder / "plugins/table");
  CHECK(world.workflows().connector_of("table") == set->connectors.find("table"));

  // A run keeps the manifest that it began with.
  const auto version = tba::engine::version_of(world.definition("a"));
  const auto kept = tba::engine::definition_from(version);
  REQUIRE(kept.has_value());
  CHECK((*kept)->connectors.find("table")->second->plugin.has_value());

  world.write("plugins/table/plugin.yaml", "plugin: table\n");
  CHECK(world.broken().size() == 1);
  CHECK(world.workflows().connector_of("table") != nullptr);
  world.remove("plugins/table/plugin.yaml");
  CHECK(world.workflows().connector_of("table") == nullptr);
  CHECK(world.workflows().current()->plugins.empty());
}

TEST_CASE("workflows: a plugin that is broken leaves no built-in connector in its place") {
  World world;
  world.write("plugins/github/plugin.yaml", "plugin: github\n");
  CHECK(world.broken().size() == 1);
  CHECK(world.workflows().connector_of("github") == nullptr);
}
