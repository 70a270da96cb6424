// The real programs send mail to a server from npm.

#include <array>
#include <cstdio>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/wait.h>

#include "tests/support/daemon_process.h"
#include "tests/support/mail_server.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using nlohmann::json;

/// Mail servers, and a daemon with a credential for each that takes mail without a login: the
/// system trusts none of them.
struct World {
  MailServers servers;
  DaemonProcess daemon;

  World() {
    daemon.write_workflow("tell", R"(
on: { manual: {} }
inputs:
  to: { type: string }
  server: { type: string, default: plain }
steps:
  - id: usual
    if: ${{ .inputs.server == "plain" }}
    call: email/send
    credential: plain
    with:
      to: ${{ .inputs.to }}
      subject: Grüße
      text: "Two chests\n.\n"
      attachments: [{ filename: Übersicht.csv, content: "a,b" }]
    retry: { attempts: 3, initial: 1ms }
  - id: lost
    if: ${{ .inputs.server == "dying" }}
    call: email/send
    credential: dying
    with: { to: "${{ .inputs.to }}", text: Hello }
    retry: { attempts: 3, initial: 1ms }
output: ${{ .steps.usual.body }}
)");
    daemon.start();
    for (const auto* name : {"plain", "dying", "busy"})
      daemon.set_credential(name, {{"connector", "email"},
                                   {"scheme", "relay"},
                                   {"base_url", servers.url(name)},
                                   {"fields", {{"from", "The bot <bot@example.com>"}}}});
  }

  json run(const json& inputs) { return daemon.finished_run(daemon.start_run("tell", inputs)); }
};

/// What a command prints, stderr included, and its exit code.
struct Printed {
  std::string text;
  int exit_code = -1;
};

Printed command(const DaemonProcess& daemon, const std::string& arguments) {
  auto* pipe = ::popen(fmt::format("'{}' --home '{}' {} 2>&1", TBA_CLI_PROGRAM,
                                   daemon.home().path().string(), arguments)
                           .c_str(),
                       "r");
  REQUIRE(pipe);
  Printed printed;
  std::array<char, 4096> bytes;
  while (const auto count = std::fread(bytes.data(), 1, bytes.size(), pipe))
    printed.text.append(bytes.data(), count);
  printed.exit_code = WEXITSTATUS(::pclose(pipe));
  return printed;
}

}  // namespace

TEST_CASE("e-mail: a workflow sends it, again where it is not taken the first time") {
  World world;
  const auto run = world.run({{"to", "Ann <later@example.com>"}});
  INFO(run.dump());
  REQUIRE(run["status"] == "succeeded");
  CHECK(run["output"]["accepted"] == json{"later@example.com"});
  const auto taken = world.servers.messages();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0]["sender"] == "bot@example.com");
  CHECK(taken[0]["subject"] == "Grüße");
  CHECK(taken[0]["text"] == "Two chests\n.");  // The last line break is the boundary's.
  CHECK(taken[0]["id"] == run["output"]["message_id"]);
  CHECK(taken[0]["attachments"] == json{{{"filename", "Übersicht.csv"}, {"bytes", 3}}});
}

TEST_CASE("e-mail: who is not known there is named by the run's error") {
  World world;
  const auto run = world.run({{"to", "refused@example.com"}});
  CHECK(run["status"] == "failed");
  CHECK_THAT(run["failure"]["message"].get<std::string>(),
             Contains("refuses the recipient refused@example.com: 550 5.1.1 No such mailbox"));
}

TEST_CASE("e-mail: a message of which nobody knows whether it was taken is not sent again") {
  World world;
  const auto id = world.daemon.start_run("tell", {{"to", "ann@example.com"}, {"server", "dying"}});
  const auto run = world.daemon.finished_run(id);
  INFO(run.dump());
  CHECK(run["status"] == "interrupted");
  CHECK(world.servers.commands() == json{"EHLO", "MAIL", "RCPT", "DATA"});
}

TEST_CASE("e-mail: people send it, look at it before, and try a credential") {
  World world;
  const std::string call =
      "connector call email/send --credential plain to=ann@example.com "
      "subject=Chests text=Two ";
  const auto shown = command(world.daemon, call + "--dry-run");
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.text,
             Contains("SMTP smtp://127.0.0.1") && Contains("RCPT TO: ann@example.com") &&
                 Contains("From: The bot <bot@example.com>") && Contains("Subject: Chests"));
  CHECK(world.servers.messages().empty());
  const auto sent = command(world.daemon, call);
  CHECK(sent.exit_code == 0);
  CHECK_THAT(sent.text, Contains("message_id") && Contains("ann@example.com"));
  CHECK(world.servers.messages()[0]["subject"] == "Chests");

  CHECK(command(world.daemon, "credential test plain").exit_code == 0);
  CHECK(command(world.daemon, "credential test busy").exit_code == 1);
  CHECK(world.servers.messages().size() == 1);

  const auto listed = command(world.daemon, "connector list --long");
  CHECK_THAT(listed.text, Contains("where its credentials say"));
  CHECK_THAT(command(world.daemon, "connector show email/send").text, Contains("attachments"));
}

TEST_CASE("e-mail: a credential says which server it is for, and no other URL") {
  World world;
  const auto set = [&](const std::string& base_url) {
    const auto answer = world.daemon.call("PUT", "/api/v1/credentials/wrong",
                                          {{"connector", "email"},
                                           {"scheme", "relay"},
                                           {"base_url", base_url},
                                           {"fields", json::object()}});
    return answer->status == 400 ? json::parse(answer->body).value("detail", "") : "";
  };
  CHECK_THAT(set(""), Contains("the base URL is missing"));
  CHECK_THAT(set("https://mail.example.com"), Contains("is not an smtps or smtp URL"));
  CHECK_THAT(set("smtp://mail.example.com/path"), Contains("has no path"));
  const auto answer = world.daemon.call("PUT", "/api/v1/credentials/api",
                                        {{"connector", "github"},
                                         {"scheme", "token"},
                                         {"base_url", "smtp://mail.example.com"},
                                         {"fields", {{"token", "x"}}}});
  CHECK(answer->status == 400);
}

}  // namespace tba::tests
