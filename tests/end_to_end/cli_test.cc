#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/wait.h>

#include "tests/support/daemon_process.h"
#include "tests/support/github.h"
#include "tests/support/http_server.h"

namespace tba::tests {

namespace {

using nlohmann::json;

/// What a program wrote to stdout, and how it ended.
struct Ended {
  int code = 0;
  std::string out;
};

/// Runs the real tba-integrate on the daemon's home. `arguments` is a piece of shell.
Ended tba_integrate(const DaemonProcess& daemon, const std::string& arguments) {
  const auto command =
      fmt::format("'{}' --home '{}' {}", TBA_CLI_PROGRAM, daemon.home().path().string(), arguments);
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe);
  Ended ended;
  std::array<char, 4096> bytes;
  while (const auto count = std::fread(bytes.data(), 1, bytes.size(), pipe))
    ended.out.append(bytes.data(), count);
  const int status = ::pclose(pipe);
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return ended;
}

}  // namespace

TEST_CASE("cli: rejections are listed page by page, as the daemon says how") {
  DaemonProcess daemon;
  daemon.start();
  httplib::Client client("127.0.0.1", daemon.port());
  for (const auto* path : {"/hooks/one", "/hooks/two", "/hooks/three"}) {
    REQUIRE(client.Post(path, "{}", "application/json")->status == 404);
  }
  std::string paths;
  std::string cursor;
  do {
    const auto page =
        tba_integrate(daemon, "webhook list --rejected --limit 2 --output json" +
                                  std::string(cursor.empty() ? "" : " --cursor ") + cursor);
    REQUIRE(page.code == 0);
    const auto list = json::parse(page.out);
    for (const auto& rejection : list["items"]) paths += rejection["path"].get<std::string>() + ' ';
    cursor = list["next"].is_null() ? "" : list["next"].get<std::string>();
  } while (!cursor.empty());
  CHECK(paths == "three two one ");
  CHECK(tba_integrate(daemon, "webhook list --rejected --cursor nonsense 2>/dev/null").code == 2);
}

TEST_CASE("cli: a connector is compared with its cassettes, without a daemon") {
  const DaemonProcess daemon;  // never started
  REQUIRE(tba_integrate(daemon, "connector new shop").code == 0);
  const auto& home = daemon.home();
  const std::string good =
      "cassettes:\n"
      "  - endpoint: get-item\n"
      "    parameters: { id: seven }\n"
      "    auth: token\n"
      "    request: { url: https://api.example.com/items/seven,\n"
      "               headers: { Authorization: Bearer ******** } }\n"
      "    answer: { body: { id: seven, name: a } }\n"
      "    result: { id: seven, name: a }\n";
  home.write("connectors/cassettes/shop.yaml", good);
  const auto passed = tba_integrate(daemon, "connector test shop");
  CHECK(passed.code == 0);
  CHECK(passed.out == "ok    get-item\n1 passed, 0 failed\n");
  const auto bad = home.write("bad.yaml", good + "  - endpoint: list-items\n    error: {}\n");
  const auto failed = tba_integrate(
      daemon, fmt::format("connector test shop --output json --cassettes '{}'", bad.string()));
  CHECK(failed.code == 1);
  CHECK(json::parse(failed.out)["items"][1]["differences"] ==
        json::parse(R"([{"at":"error","expected":"a failure","got":null}])"));
  home.write("connectors/cassettes/shop.yaml", "cassettes: [ { endpoint: get-itm } ]\n");
  const auto invalid = tba_integrate(daemon, "connector test shop 2>&1");
  CHECK(invalid.code == 6);
  CHECK_THAT(invalid.out, Catch::Contains("cassettes/shop.yaml:1:26: error: there is no endpoint "
                                          "'get-itm' (did you mean 'get-item'?)"));
}

TEST_CASE("cli: what a call has recorded is what its connector is tested with") {
  const HttpServer github([](httplib::Server& server) {
    server.Get("/users/octocat", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(R"({"login":"octocat","id":583231})", "application/json");
    });
  });
  DaemonProcess daemon;
  daemon.start();
  daemon.set_credential("bot", {{"connector", "github"},
                                {"scheme", "token"},
                                {"base_url", github.url("")},
                                {"fields", {{"token", "ghp_swordfish"}}}});
  const std::string call = "connector call --credential bot --record github/get-user username=";
  CHECK(tba_integrate(daemon, call + "octocat 2>/dev/null").code == 0);
  CHECK(tba_integrate(daemon, call + "nobody 2>/dev/null").code == 1);
  REQUIRE(daemon.stop() == 0);
  const auto passed = tba_integrate(daemon, "connector test github");
  CHECK(passed.code == 0);
  CHECK_THAT(passed.out, Catch::Contains("2 passed, 0 failed"));

  const auto mine =
      daemon.home().write("connectors/github.yaml",
                          "connector: github\n"
                          "base_url: https://api.github.com\n"
                          "auth: { token: { type: bearer } }\n"
                          "endpoints:\n"
                          "  get-user:\n"
                          "    method: GET\n"
                          "    path: /user/{username}\n"
                          "    parameters: { username: { in: path, required: true } }\n");
  const auto failed = tba_integrate(daemon, "connector test github");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.out, Catch::Contains("request.url") && Catch::Contains("0 passed, 2 failed"));
}

TEST_CASE("cli: daemon status tells of a vault whose key is gone") {
  DaemonProcess daemon;
  daemon.start();
  daemon.set_credential(
      "hook",
      {{"connector", "github"}, {"scheme", "webhook"}, {"fields", {{"secret", "swordfish"}}}});
  CHECK_THAT(tba_integrate(daemon, "daemon status").out, !Catch::Contains("vault"));
  REQUIRE(daemon.stop() == 0);
  std::filesystem::remove(daemon.home() / "vault.key");
  daemon.start();
  const auto status = tba_integrate(daemon, "daemon status");
  CHECK(status.code == 0);
  CHECK_THAT(status.out, Catch::Contains("vault:") && Catch::Contains("vault.key") &&
                             Catch::Contains("1 stored credential needs it") &&
                             Catch::Contains("to mend it:"));
}

TEST_CASE("cli: a secret that Notion offers is shown, accepted, and in no log") {
  DaemonProcess daemon;
  daemon.write_workflow("notes",
                        "on: { webhook: { connector: notion, credential: notion-hook } }\n"
                        "steps: [ { set: { id: \"${{ .trigger.body.id }}\" } } ]\n");
  daemon.start();
  CHECK(tba_integrate(daemon, "workflow list").out.find("`credential offers`") !=
        std::string::npos);
  const std::string token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
  httplib::Client client("127.0.0.1", daemon.port());
  const auto answer =
      client.Post("/hooks/notes", json{{"verification_token", token}}.dump(), "application/json");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(tba_integrate(daemon, "webhook list --rejected").out.find("`credential offers`") !=
        std::string::npos);
  const auto shown = tba_integrate(daemon, "credential offers --output json");
  REQUIRE(shown.code == 0);
  const auto offer = json::parse(shown.out).at("items").at(0);
  CHECK(offer.at("secret") == token);
  CHECK(offer.at("from") == "127.0.0.1");

  const auto id = offer.at("id").get<std::string>();
  const auto accepted = tba_integrate(daemon, "credential accept " + id);
  CHECK(accepted.code == 0);
  CHECK(accepted.out == "stored credential notion-hook (notion, webhook)\n");
  const std::string body = R"({"id":"e1","type":"page.created"})";
  CHECK(client
            .Post("/hooks/notes", {{"X-Notion-Signature", github_signature(token, body)}}, body,
                  "application/json")
            ->status == 202);
  CHECK(tba_integrate(daemon, "credential accept " + id + " 2>/dev/null").code == 3);
  CHECK(daemon.log().find(token) == std::string::npos);
}

}  // namespace tba::tests
