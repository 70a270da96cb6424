#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/size_text.h"
#include "cli/time_text.h"

namespace tba::cli {
namespace {

std::string pruning_text(const Json& pruning) {
  if (!pruning.is_object()) return "none since the daemon's start";
  return fmt::format("{}: {} runs and {} other rows, {}", local_time(text_of(pruning, "at")),
                     text_of(pruning, "runs"), text_of(pruning, "other_rows"),
                     size_text(pruning, "bytes"));
}

void print_info(Console& console, const Json& info) {
  const Json& file = member_of(info, "file");
  Fields fields;
  fields.add("database", size_text(file, "bytes"));
  fields.add("unused", size_text(file, "free_bytes"));
  fields.add("log", size_text(file, "log_bytes"));
  fields.add("last pruning", pruning_text(member_of(info, "last_pruning")));
  fields.print(console.out, console.colour_out);

  console.out << '\n';
  Table kinds({"KIND", "ROWS", "ABOUT"});
  for (const Json& kind : member_of(info, "kinds")) {
    if (number_of(kind, "rows").value_or(0) == 0) continue;
    kinds.add({text_of(kind, "kind"), text_of(kind, "rows"), size_text(kind, "bytes")});
  }
  if (!kinds.empty()) kinds.print(console.out, console.colour_out);

  Table workflows({"WORKFLOW", "RUNS", "UNFINISHED", "ABOUT"});
  for (const Json& workflow : member_of(info, "workflows")) {
    workflows.add({text_of(workflow, "workflow"), text_of(workflow, "runs"),
                   text_of(workflow, "unfinished"), size_text(workflow, "bytes")});
  }
  if (workflows.empty()) return;
  console.out << '\n';
  workflows.print(console.out, console.colour_out);
}

}  // namespace

Action build_store_info(CLI::App&) {
  return [](Session& session) -> Outcome<ExitCode> {
    const auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto info = daemon->get("/store");
    if (!info) return info.error();
    if (session.json()) {
      print_json(session.console().out, *info);
    } else {
      print_info(session.console(), *info);
    }
    return ExitCode::done;
  };
}

}  // namespace tba::cli
