#include "cli/daemon_process.h"

#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using Catch::StartsWith;
namespace fs = std::filesystem;

constexpr const char* kStatus = R"({"pid":42,"listen":["unix:/x","http://127.0.0.1:1"]})";

// A home whose daemon is a shell script.
struct WithProgram : CliFixture {
  void program(const std::string& script) {
    const auto file = folder.write("bin/tba-integrated", "#!/bin/sh\n" + script + "\n");
    fs::permissions(file, fs::perms::owner_all);
    environment["PATH"] = "/nowhere:" + (folder / "bin").string();
  }
};

}  // namespace

TEST_CASE_METHOD(WithProgram, "daemon start: returns once the daemon says that it is ready") {
  FakeDaemon daemon(socket());
  program("echo \"started with $*\"; exec sleep 60");
  daemon.on("GET /readyz", {503, "", "text/plain"})
      .on("GET /readyz", {503, "", "text/plain"})
      .on("GET /readyz", {200, "ok", "text/plain"})
      .on("GET /status", kStatus);
  const cli::DaemonClient client(socket(), "");
  const auto child =
      cli::start_in_background(folder / "bin/tba-integrated", {"--home", "x"},
                               folder / "daemon.log", client, std::chrono::seconds(30));
  REQUIRE(child.has_value());
  CHECK(getsid(*child) == *child);
  kill(*child, SIGKILL);
  waitpid(*child, nullptr, 0);
}

TEST_CASE_METHOD(WithProgram, "daemon start: one that ends tells why, from its log's end") {
  program(
      "echo old > /dev/null; for i in $(seq 30); do echo \"line $i\"; done; "
      "echo 'error: the vault key is missing' >&2; exit 3");
  folder.write("daemon.log", "from an earlier start\n");
  const auto result = run({"daemon", "start"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, StartsWith("error: the daemon ended with 3\nline 12\n") &&
                             Contains("line 30\nerror: the vault key is missing\nhint: ") &&
                             !Contains("earlier"));
  CHECK(fs::status(folder / "daemon.log").type() == fs::file_type::regular);
}

TEST_CASE_METHOD(WithProgram, "daemon start: ends as the daemon does where a file is broken") {
  program("exit 6");
  CHECK(run({"daemon", "start"}).code == 6);
  program("exit 2");
  CHECK(run({"daemon", "start"}).code == 2);
}

TEST_CASE_METHOD(WithProgram, "daemon start: one killed by a signal is told as such") {
  program("kill -9 $$");
  CHECK_THAT(run({"daemon", "start"}).err,
             StartsWith("error: the daemon was killed by signal 9\n"));
}

TEST_CASE_METHOD(WithProgram, "daemon start: one that does not get ready is left alone and told") {
  program("echo $$ > '" + (folder / "pid").string() + "'; echo thinking; exec sleep 60");
  const auto result = run({"daemon", "start", "--timeout", "0.5"});
  CHECK(result.code == 7);
  CHECK_THAT(result.err, Contains("runs but is not ready"));
  const auto begin = result.err.find("process ") + 8;
  const pid_t child = std::stoi(result.err.substr(begin));
  CHECK(kill(child, SIGKILL) == 0);
  waitpid(child, nullptr, 0);
}

TEST_CASE_METHOD(WithProgram, "daemon start: where one is running already there is nothing to do") {
  FakeDaemon daemon(socket());
  daemon.on("GET /readyz", {200, "ok", "text/plain"}).on("GET /status", kStatus);
  program("exit 1");
  const auto result = run({"daemon", "start"});
  CHECK(result.code == 0);
  CHECK(result.out ==
        "the daemon is running already (process 42), on unix:/x and http://127.0.0.1:1\n");
}

TEST_CASE_METHOD(WithProgram, "daemon start: without a home, or a program, it says so") {
  environment["PATH"] = "/nowhere";
  const auto no_program = run({"daemon", "start"});
  CHECK(no_program.code == 1);
  CHECK_THAT(no_program.err, Contains("cannot find the program tba-integrated"));
  environment["TBA_HOME"] = folder / "none";
  const auto no_home = run({"daemon", "start"});
  CHECK(no_home.code == 3);
  CHECK_THAT(no_home.err, Contains("there is no home at"));
}

TEST_CASE_METHOD(WithProgram, "daemon stop: waits for the end of the process") {
  FakeDaemon daemon(socket());
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  daemon.on("GET /status", R"({"pid":)" + std::to_string(child) + "}")
      .on("POST /stop", {202, "", "application/json"});
  const auto slow = run({"daemon", "stop", "--timeout", "0.05"});
  CHECK(slow.code == 7);
  CHECK_THAT(slow.err, Contains("is stopping, but has not ended yet"));
  kill(child, SIGKILL);
  const auto stopped = run({"daemon", "stop"});
  CHECK(stopped.code == 0);
  CHECK(stopped.out == "the daemon (process " + std::to_string(child) + ") has stopped\n");
  waitpid(child, nullptr, 0);
}

}  // namespace tba::tests
