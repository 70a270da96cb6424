#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

struct Options {
  std::string delivery;
  std::string workflow;
};

Outcome<ExitCode> replay(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  Json body = Json::object();
  if (!options.workflow.empty()) body["workflow"] = options.workflow;
  const auto replayed =
      daemon->post("/deliveries/" + percent_encode(options.delivery) + "/replay", body);
  if (!replayed) return replayed.error();
  if (session.json()) {
    print_json(session.console().out, *replayed);
  } else {
    session.console().out << joined(member_of(*replayed, "runs"), "\n") << '\n';
  }
  return ExitCode::done;
}

}  // namespace

Action build_webhook_replay(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("delivery", options->delivery, "The delivery's id")
      ->required()
      ->type_name("");
  arguments
      .add_option("--workflow", options->workflow,
                  "Let a webhook of this workflow take it, whatever its path")
      ->type_name("NAME");
  arguments.footer(
      "Starts what the delivery would start if it arrived now, and prints the runs' ids.");
  return [options](Session& session) { return replay(session, *options); };
}

}  // namespace tba::cli
