#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/broken_files.h"
#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"
#include "cli/trigger_text.h"

namespace tba::cli {

Action build_workflow_list(CLI::App&) {
  return [](Session& session) -> Outcome<ExitCode> {
    auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto workflows = daemon->list("/workflows");
    if (!workflows) return workflows.error();
    print_list(
        session, *workflows, {"NAME", "STATE", "STARTED BY", "WHY NOT ACTIVE"},
        [](const Json& workflow) -> std::vector<Table::Cell> {
          const std::string state = text_of(workflow, "state");
          return {text_of(workflow, "name"),
                  {state, style_of_status(state)},
                  triggers_text(member_of(workflow, "triggers")),
                  joined(member_of(workflow, "reasons"), "; ")};
        },
        fmt::format("no workflows yet: put a file into the home's workflows folder, or see '{}'",
                    session.command_line("init")));
    if (session.json()) return ExitCode::done;
    const auto status = daemon->get("/status");
    if (status) mention_broken_files(session, member_of(*status, "broken_files"));
    return ExitCode::done;
  };
}

}  // namespace tba::cli
