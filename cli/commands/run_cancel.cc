#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

Outcome<ExitCode> cancel(Session& session, const std::string& id) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto run = daemon->post("/runs/" + percent_encode(id) + "/cancel", Json::object());
  if (!run) return run.error();
  if (session.json()) {
    print_json(session.console().out, *run);
  } else {
    session.console().out << fmt::format("run {} is being cancelled ({})\n", text_of(*run, "id"),
                                         text_of(*run, "status"));
  }
  return ExitCode::done;
}

}  // namespace

Action build_run_cancel(CLI::App& arguments) {
  const auto id = std::make_shared<std::string>();
  arguments.add_option("run", *id, "The run's id, or 'latest'")->required()->type_name("");
  return [id](Session& session) { return cancel(session, *id); };
}

}  // namespace tba::cli
