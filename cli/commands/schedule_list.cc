#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"
#include "cli/time_text.h"

namespace tba::cli {

Action build_schedule_list(CLI::App&) {
  return [](Session& session) -> Outcome<ExitCode> {
    auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto schedules = daemon->list("/schedules");
    if (!schedules) return schedules.error();
    print_list(
        session, *schedules, {"WORKFLOW", "SCHEDULE", "LAST", "NEXT"},
        [](const Json& schedule) -> std::vector<Table::Cell> {
          return {text_of(schedule, "workflow"), text_of(schedule, "schedule"),
                  utc_time(text_of(schedule, "last")), utc_time(text_of(schedule, "next"))};
        },
        "no workflow has a schedule");
    return ExitCode::done;
  };
}

}  // namespace tba::cli
