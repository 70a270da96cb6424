#include "cli/program.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "cli/command.h"
#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using Catch::StartsWith;

}  // namespace

TEST_CASE_METHOD(CliFixture, "program: without arguments it shows what there is") {
  const auto result = run({});
  CHECK(result.code == 0);
  CHECK_THAT(result.out, StartsWith("tba-integrate runs workflows"));
  for (const cli::Command& command : cli::command_table()) {
    CHECK_THAT(result.out, Contains(std::string(command.summary)));
  }
  CHECK(run({"--help"}).out == result.out);
  CHECK(run({"help"}).out == result.out);
}

TEST_CASE_METHOD(CliFixture, "program: every command explains itself") {
  for (const cli::Command& command : cli::command_table()) {
    std::vector<std::string> words{std::string(command.noun)};
    if (!command.verb.empty()) words.emplace_back(command.verb);
    auto with_help = words;
    with_help.emplace_back("--help");
    const auto result = run(with_help);
    CHECK(result.code == 0);
    CHECK_THAT(result.out, StartsWith(std::string(command.summary) + "."));
    CHECK_THAT(result.out, Contains("--home FOLDER"));
    words.insert(words.begin(), "help");
    CHECK(run(words).out == result.out);
  }
}

TEST_CASE_METHOD(CliFixture, "program: it tells its version") {
  const auto result = run({"--version"});
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Catch::Matches("tba-integrate [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_CASE_METHOD(CliFixture, "program: a noun alone lists its commands as a usage error") {
  const auto result = run({"run"});
  CHECK(result.code == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("run watch") && !Contains("workflow list"));
  CHECK(run({"run", "--help"}).code == 0);
}

TEST_CASE_METHOD(CliFixture, "program: typos are answered with what was probably meant") {
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const Case cases[] = {
      {{"wrokflow", "list"}, "error: unknown command 'wrokflow' (did you mean 'workflow'?)\n"},
      {{"workflows", "list"}, "error: unknown command 'workflows' (did you mean 'workflow'?)\n"},
      {{"start"}, "error: unknown command 'start' (did you mean 'run start' or 'daemon start'?)\n"},
      {{"frobnicate"}, "error: unknown command 'frobnicate'\n"},
      {{"run", "strat", "x"}, "error: 'run' has no command 'strat' (did you mean 'start'?)\n"},
      {{"run", "list", "--statsu", "x"},
       "error: unknown option '--statsu' (did you mean '--status'?)\n"},
      {{"--hmoe", "x", "run", "list"}, "error: unknown option '--hmoe' (did you mean '--home'?)\n"},
      {{"run", "show", "a", "b"}, "error: unexpected argument 'b'\n"},
      {{"run", "show"}, "error: run is required\n"},
      {{"--output", "xml", "run", "list"}, "error: --output: xml not in {text,json}\n"},
      {{"run", "list", "--limit", "0"}, "error: --limit: Value 0 not in range 1 to 200\n"},
      {{"run", "list", "--status", "dead"}, "error: no run is ever 'dead'\n"},
      {{"connector", "call", "github"}, "error: 'github' is no endpoint\n"},
  };
  for (const Case& wrong : cases) {
    const auto result = run(wrong.arguments);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, StartsWith(wrong.message));
    CHECK_THAT(result.err, Contains("hint: "));
  }
}

TEST_CASE_METHOD(CliFixture, "program: --home may stand before or after the command") {
  const TemporaryFolder other;
  const std::string home = other.path();
  environment.clear();
  CHECK_THAT(run({"--home", home, "run", "list"}).err, Contains(home + "/daemon.sock"));
  CHECK_THAT(run({"run", "list", "--home", home}).err, Contains(home + "/daemon.sock"));
  CHECK_THAT(run({"run", "list", "--socket", "/x/y"}).err, Contains("--home") || Contains("HOME"));
}

TEST_CASE_METHOD(CliFixture, "program: without a daemon every command that needs one says so") {
  const std::vector<std::vector<std::string>> commands = {
      {"workflow", "list"},         {"workflow", "show", "x"},
      {"run", "start", "x"},        {"run", "list"},
      {"run", "show", "x"},         {"run", "logs", "x"},
      {"run", "watch", "x"},        {"run", "cancel", "x"},
      {"webhook", "list"},          {"webhook", "show", "x"},
      {"schedule", "list"},         {"schedule", "preview", "x"},
      {"credential", "list"},       {"credential", "remove", "x"},
      {"connector", "list"},        {"connector", "show", "x"},
      {"connector", "call", "x/y"}, {"daemon", "status"},
      {"daemon", "stop"},           {"credential", "set", "x", "--connector", "github"}};
  for (const auto& command : commands) {
    const auto result = run(command, "secret");
    CHECK(result.code == 5);
    CHECK(result.err == "error: no daemon answers on " + socket() +
                            "\nhint: start it with 'tba-integrate daemon start'\n");
  }
}

TEST_CASE_METHOD(CliFixture, "program: a home that is not there is told together with the daemon") {
  environment["TBA_HOME"] = folder / "none";
  const auto result = run({"run", "list"});
  CHECK(result.code == 5);
  CHECK_THAT(result.err, Contains("there is no home at") && Contains("'tba-integrate init'"));
}

TEST_CASE("program: output that cannot be written is an error") {
  std::istringstream in;
  std::ofstream out("/dev/full");
  std::ostringstream err;
  const FakeClock clock(*parse_time("2026-11-23T09:00:10Z"));
  cli::Console console(in, out, err, clock);
  CHECK(cli::run_program({"--version"}, console) == 1);
  CHECK_THAT(err.str(), StartsWith("error: the output could not be written\n"));
}

TEST_CASE_METHOD(CliFixture, "program: the socket is the one that the configuration names") {
  folder.write("config.yaml", "socket: run/api.sock\n");
  CHECK_THAT(run({"run", "list"}).err, Contains((folder / "run/api.sock").string()));
  CHECK_THAT(run({"run", "list", "--socket", "/x/y.sock"}).err, Contains(" /x/y.sock\n"));
  folder.write("config.yaml", "socket: [\n");
  CHECK_THAT(run({"run", "list"}).err, Contains(socket()));
}

TEST_CASE_METHOD(CliFixture, "program: a socket path that is too long is told") {
  const auto result = run({"--socket", "/" + std::string(200, 'x'), "run", "list"});
  CHECK(result.code == 2);
  CHECK_THAT(result.err, Contains("longer than a socket's may be"));
}

}  // namespace tba::tests
