#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program.h"
#include "shared/time_format.h"
#include "tests/cli/fake_daemon.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace tba::tests {

/// What a command left behind.
struct CommandResult {
  int code = 0;
  std::string out;
  std::string err;
};

/// Runs commands in this process, on a home of the test's own. Times are shown in UTC.
class CliFixture {
 public:
  CliFixture() {
    setenv("TZ", "UTC", 1);
    tzset();
    environment["TBA_HOME"] = folder.path().string();
  }

  /// `arguments` as a shell would give them; `input` on standard input.
  CommandResult run(std::vector<std::string> arguments, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const FakeClock clock(*parse_time("2026-11-23T09:00:10Z"));
    cli::Console console(in, out, err, clock);
    console.in_is_terminal = in_is_terminal;
    console.out_is_terminal = out_is_terminal;
    console.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      if (found == environment.end()) return std::nullopt;
      return found->second;
    };
    console.terminal_size = [] { return cli::TerminalSize{24, 80}; };
    console.line_within = [&in](std::chrono::milliseconds) -> std::optional<std::string> {
      std::string line;
      if (!std::getline(in, line)) return std::nullopt;
      return line;
    };
    console.ask_secret = [this](std::string_view prompt) -> cli::Outcome<std::string> {
      prompts.emplace_back(prompt);
      return typed_secret;
    };
    const int code = cli::run_program(std::move(arguments), console);
    return {code, out.str(), err.str()};
  }

  std::string socket() const { return folder.path() / "daemon.sock"; }

  TemporaryFolder folder;
  std::map<std::string, std::string> environment;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  std::string typed_secret;
  std::vector<std::string> prompts;
};

}  // namespace tba::tests
