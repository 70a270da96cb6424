#include <catch2/catch.hpp>

#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"

namespace tba::tests {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string kToken = "ghp_swordfish+/0123456789";

/// Writes a script beside the workflow files.
void write_script(const DaemonProcess& daemon, const std::string& name, const std::string& text) {
  fs::permissions(daemon.home().write("workflows/" + name, "#!/bin/sh\n" + text),
                  fs::perms::owner_all);
}

fs::path folder_of(const DaemonProcess& daemon, const std::string& run) {
  return daemon.home() / "runs" / run;
}

/// Waits until the run waits.
void await_waiting(const DaemonProcess& daemon, const std::string& run) {
  REQUIRE(eventually([&] { return daemon.get("/api/v1/runs/" + run)["status"] == "waiting"; }));
}

}  // namespace

TEST_CASE("programs: those of a run share a private folder, which goes when the run has ended") {
  DaemonProcess daemon;
  write_script(daemon, "write.sh", "echo $1 > note; pwd; stat -c %a .");
  daemon.write_workflow("share", R"(
on: { manual: {} }
steps:
  - { id: write, run: [./write.sh, hello] }
  - { id: read, run: "cat note; echo $HOME $TBA_WORKFLOW $TBA_STEP; env | wc -l" }
output: { wrote: "${{ .steps.write.stdout }}", read: "${{ .steps.read.stdout }}" }
)");
  daemon.start();
  const auto id = daemon.start_run("share");
  const auto run = daemon.finished_run(id);
  REQUIRE(run["status"] == "succeeded");
  const auto folder = folder_of(daemon, id);
  CHECK(run["output"]["wrote"] == folder.string() + "\n700\n");
  const auto read = run["output"]["read"].get<std::string>();
  CHECK_THAT(read, Catch::StartsWith("hello\n" + folder.string() + " share read\n"));
  CHECK(eventually([&] { return !fs::exists(folder); }));
  CHECK(fs::exists(folder.parent_path()));
}

TEST_CASE("programs: the folder of a run outlives the daemon, and goes with the run after that") {
  DaemonProcess daemon;
  daemon.write_workflow("wait", R"(
on: { manual: {} }
inputs: { event: { type: string } }
steps:
  - run: echo hello > note
  - wait: { event: "${{ .inputs.event }}" }
  - { id: read, run: cat note }
output: ${{ .steps.read.stdout }}
)");
  daemon.start();
  const auto longer = daemon.start_run("wait", {{"event", "later"}});
  const auto shorter = daemon.start_run("wait", {{"event", "now"}});
  await_waiting(daemon, longer);
  await_waiting(daemon, shorter);
  daemon.kill();
  // What a run that has ended, or is long forgotten, left when its daemon died.
  const auto forgotten = daemon.home().write("runs/01890a5d-ac96-774b-bcce-b302099a8057/x", "");
  daemon.start();
  CHECK(daemon.call("POST", "/api/v1/events", {{"name", "now"}})->status == 201);
  const auto done = daemon.finished_run(shorter);
  CHECK(done["output"] == "hello\n");
  CHECK(eventually([&] { return !fs::exists(folder_of(daemon, shorter)); }));
  CHECK(eventually([&] { return !fs::exists(forgotten.parent_path()); }));
  CHECK(fs::exists(folder_of(daemon, longer) / "note"));
  CHECK(daemon.call("POST", "/api/v1/runs/" + longer + "/cancel")->status == 202);
  CHECK(eventually([&] { return !fs::exists(folder_of(daemon, longer)); }));
}

TEST_CASE("programs: a secret is in the environment of its program, and nowhere else") {
  DaemonProcess daemon;
  daemon.write_workflow("tell", R"-(
on: { manual: {} }
steps:
  - id: tell
    run: |
      echo "it is $TOKEN"
      printf '{"token": "%s", "length": %s}' "$TOKEN" "${#TOKEN}" >&2
      [ "$TOKEN" = "$(cat "$TBA_WORKFLOW_FOLDER/expected")" ]
    env: { TOKEN: !secret bot.token }
output: { out: "${{ .steps.tell.stdout }}", err: "${{ .steps.tell.stderr }}" }
)-");
  const auto expected = daemon.home().write("workflows/expected", kToken);
  daemon.start();
  // Until the credential is there the workflow is held.
  const auto refused = daemon.call("POST", "/api/v1/workflows/tell/runs", json::object());
  CHECK(refused->status == 503);
  CHECK_THAT(refused->body, Catch::Contains("'bot'"));
  daemon.set_credential(
      "bot", {{"connector", "github"}, {"scheme", "token"}, {"fields", {{"token", kToken}}}});
  const auto id = daemon.start_run("tell");
  const auto run = daemon.finished_run(id);
  CHECK(run["status"] == "succeeded");
  CHECK(run["output"]["out"] == "it is ********\n");
  CHECK(run["output"]["err"] == R"({"token": "********", "length": 25})");
  CHECK(run.dump().find("swordfish") == std::string::npos);
  CHECK(daemon.get("/api/v1/runs/" + id + "/logs").dump().find("swordfish") == std::string::npos);

  CHECK(daemon.stop() == 0);
  CHECK(daemon.log().find("swordfish") == std::string::npos);
  fs::remove(expected);
  for (const auto& file : fs::recursive_directory_iterator(daemon.home().path())) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    INFO(file.path());
    CHECK(text.find("swordfish") == std::string::npos);
  }
}

}  // namespace tba::tests
