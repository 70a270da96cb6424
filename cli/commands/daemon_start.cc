#include <chrono>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/broken_files.h"
#include "cli/commands/commands.h"
#include "cli/daemon_process.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/text_file.h"

namespace tba::cli {
namespace {

struct Options {
  bool foreground = false;
  double timeout_seconds = 30;
};

Outcome<ExitCode> tell_status(Session& session, const DaemonClient& daemon, std::string_view how) {
  const auto status = daemon.get("/status");
  if (!status) return status.error();
  Console& console = session.console();
  if (session.json()) {
    print_json(console.out, *status);
  } else {
    console.out << fmt::format("the daemon {} (process {}), on {}\n", how, text_of(*status, "pid"),
                               joined(member_of(*status, "listen"), " and "));
    mention_broken_files(session, member_of(*status, "broken_files"));
  }
  return ExitCode::done;
}

Outcome<ExitCode> start(Session& session, const Options& options) {
  const auto paths = session.paths();
  if (!paths) return paths.error();
  if (!std::filesystem::is_directory(paths->home)) {
    return CliError{ExitCode::not_found,
                    fmt::format("there is no home at {}", paths->home.string()),
                    fmt::format("make one with '{}'", session.command_line("init"))};
  }
  const auto program = find_daemon_program(session.console());
  if (!program) return program.error();
  std::vector<std::string> arguments;
  if (!session.home_option().empty()) {
    arguments = {"--home", std::filesystem::absolute(session.home_option()).string()};
  }
  if (options.foreground) return become_daemon(*program, arguments);

  const auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  if (daemon->is_ready()) return tell_status(session, *daemon, "is running already");
  const auto folder = make_private_folder(paths->log_file.parent_path());
  if (!folder) return folder.error();
  const std::chrono::duration<double> timeout(options.timeout_seconds);
  const auto process =
      start_in_background(*program, arguments, paths->log_file, *daemon,
                          std::chrono::duration_cast<std::chrono::milliseconds>(timeout));
  if (!process) return process.error();
  return tell_status(session, *daemon, "is ready");
}

}  // namespace

Action build_daemon_start(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_flag("--foreground", options->foreground,
                     "Stay in the foreground, as systemd and containers want it");
  arguments.add_option("--timeout", options->timeout_seconds, "How long to wait until it is ready")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 3600.0).description(""))
      ->capture_default_str();
  arguments.footer(
      "Returns when the daemon is ready, or tells why it is not. What it writes is added to the\n"
      "home's daemon.log. Where a daemon of this home runs already, there is nothing to do.");
  return [options](Session& session) { return start(session, *options); };
}

}  // namespace tba::cli
