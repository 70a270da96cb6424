#include <chrono>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/daemon_process.h"
#include "cli/json_fields.h"
#include "cli/output.h"

namespace tba::cli {
namespace {

Outcome<ExitCode> stop(Session& session, double timeout_seconds) {
  const auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto status = daemon->get("/status");
  if (!status) return status.error();
  const ProcessEnd end(static_cast<pid_t>(number_of(*status, "pid").value_or(-1)));
  const auto stopping = daemon->post("/stop", Json::object());
  if (!stopping) return stopping.error();
  const std::chrono::duration<double> timeout(timeout_seconds);
  const std::string pid = text_of(*status, "pid");
  if (!end.wait(std::chrono::duration_cast<std::chrono::milliseconds>(timeout))) {
    return CliError{ExitCode::timed_out,
                    fmt::format("the daemon (process {}) is stopping, but has not ended yet", pid),
                    "it waits for the attempts in flight; --timeout waits longer"};
  }
  if (session.json()) {
    print_json(session.console().out, {{"pid", member_of(*status, "pid")}, {"stopped", true}});
  } else {
    session.console().out << fmt::format("the daemon (process {}) has stopped\n", pid);
  }
  return ExitCode::done;
}

}  // namespace

Action build_daemon_stop(CLI::App& arguments) {
  const auto timeout = std::make_shared<double>(60);
  arguments.add_option("--timeout", *timeout, "How long to wait until it has ended")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 3600.0).description(""))
      ->capture_default_str();
  arguments.footer(
      "Attempts in flight get a grace period; everything else goes on at the next start.");
  return [timeout](Session& session) { return stop(session, *timeout); };
}

}  // namespace tba::cli
