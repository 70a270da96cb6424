#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"
#include "cli/time_text.h"
#include "shared/run.h"

namespace tba::cli {
namespace {

struct Options {
  Page page;
  std::string workflow;
  std::vector<std::string> statuses;
  bool attention = false;
};

std::string why_failed(const Json& run) {
  const auto& failure = member_of(run, "failure");
  const std::string step = text_of(failure, "step");
  return step.empty() ? text_of(failure, "message") : step + ": " + text_of(failure, "message");
}

Outcome<ExitCode> list(Session& session, const Options& options) {
  auto query = query_of(options.page);
  if (!options.workflow.empty()) query.emplace_back("workflow", options.workflow);
  if (options.attention) query.emplace_back("attention", "true");
  std::string statuses;
  for (const std::string& status : options.statuses) {
    if (!run_status_named(status)) {
      return usage_error("no run is ever '" + status + "'",
                         "the states are queued, running, waiting, succeeded, failed, cancelled, "
                         "interrupted and skipped");
    }
    statuses += (statuses.empty() ? "" : ",") + status;
  }
  if (!statuses.empty()) query.emplace_back("status", statuses);

  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto runs = daemon->list("/runs", query);
  if (!runs) return runs.error();
  const Instant now = session.console().clock.now();
  print_list(
      session, *runs, {"RUN", "WORKFLOW", "STATUS", "TRIGGER", "CREATED", "TOOK", "FAILURE"},
      [&](const Json& run) -> std::vector<Table::Cell> {
        const std::string status = text_of(run, "status");
        const auto took = duration_of(run, now);
        return {text_of(run, "id"),
                text_of(run, "workflow"),
                {status, style_of_status(status)},
                text_of(run, "trigger"),
                local_time(text_of(run, "created_at")),
                took ? duration_text(*took) : "",
                why_failed(run)};
      },
      "no runs");
  return ExitCode::done;
}

}  // namespace

Action build_run_list(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("--workflow", options->workflow, "Only of this workflow")->type_name("NAME");
  arguments
      .add_option("--status", options->statuses, "Only in these states, such as failed,interrupted")
      ->delimiter(',')
      ->type_name("STATUS,…");
  arguments.add_flag("--attention", options->attention,
                     "Only those that stopped and wait for a person");
  add_page_options(arguments, options->page);
  return [options](Session& session) { return list(session, *options); };
}

}  // namespace tba::cli
