#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"
#include "cli/time_text.h"

namespace tba::cli {
namespace {

struct Options {
  Page page;
  std::string workflow;
  std::string event;
  bool unmatched = false;
  bool rejected = false;
};

Outcome<ExitCode> list_deliveries(Session& session, const DaemonClient& daemon,
                                  const Options& options) {
  auto query = query_of(options.page);
  if (!options.workflow.empty()) query.emplace_back("workflow", options.workflow);
  if (!options.event.empty()) query.emplace_back("event", options.event);
  if (options.unmatched) query.emplace_back("unmatched", "true");
  const auto deliveries = daemon.list("/deliveries", query);
  if (!deliveries) return deliveries.error();
  print_list(
      session, *deliveries,
      {"DELIVERY", "RECEIVED", "PATH", "EVENT", "WORKFLOW", "STATUS", "RUNS", "WHY UNMATCHED"},
      [](const Json& delivery) -> std::vector<Table::Cell> {
        const std::string status = text_of(delivery, "status");
        return {text_of(delivery, "id"),
                local_time(text_of(delivery, "received_at")),
                "/hooks/" + text_of(delivery, "path"),
                text_of(delivery, "event"),
                text_of(delivery, "workflow"),
                {status, status == "unmatched" ? Style::attention : Style::plain},
                std::to_string(member_of(delivery, "runs").size()),
                text_of(delivery, "reason")};
      },
      "no deliveries");
  return ExitCode::done;
}

Outcome<ExitCode> list_rejections(Session& session, const DaemonClient& daemon,
                                  const Options& options) {
  const auto rejections = daemon.list("/rejections", query_of(options.page));
  if (!rejections) return rejections.error();
  print_list(
      session, *rejections, {"REJECTED", "PATH", "FROM", "STATUS", "REASON"},
      [](const Json& rejection) -> std::vector<Table::Cell> {
        return {local_time(text_of(rejection, "at")), "/hooks/" + text_of(rejection, "path"),
                text_of(rejection, "peer"), text_of(rejection, "status"),
                text_of(rejection, "reason")};
      },
      "nothing was rejected");
  return ExitCode::done;
}

}  // namespace

Action build_webhook_list(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("--workflow", options->workflow, "Only of this workflow")->type_name("NAME");
  arguments.add_option("--event", options->event, "Only this event, such as issues.opened")
      ->type_name("EVENT");
  arguments.add_flag("--unmatched", options->unmatched, "Only those that no trigger took, and why");
  arguments.add_flag("--rejected", options->rejected,
                     "Instead what was refused, and why: bad signatures, unknown paths…");
  add_page_options(arguments, options->page);
  return [options](Session& session) -> Outcome<ExitCode> {
    const bool filtered =
        !options->workflow.empty() || !options->event.empty() || options->unmatched;
    if (options->rejected && filtered) {
      return usage_error("what was rejected belongs to no workflow and is no event",
                         "leave out --workflow, --event and --unmatched");
    }
    auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    return options->rejected ? list_rejections(session, *daemon, *options)
                             : list_deliveries(session, *daemon, *options);
  };
}

}  // namespace tba::cli
