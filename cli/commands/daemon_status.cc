#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/broken_files.h"
#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/time_text.h"

namespace tba::cli {
namespace {

void print_status(Console& console, const Json& status) {
  const std::chrono::duration<double> uptime(number_of(status, "uptime").value_or(0));
  const std::string state = text_of(status, "state");
  Fields fields;
  fields.add("state", state, state == "running" ? Style::good : Style::attention);
  fields.add("process", text_of(status, "pid"));
  fields.add("version", text_of(status, "version"));
  fields.add("up for", duration_text(std::chrono::duration_cast<Duration>(uptime)));
  fields.add("listens on", joined(member_of(status, "listen"), ", "));
  fields.add("home", text_of(status, "home"));
  const Json& runs = member_of(status, "runs");
  fields.add("runs", fmt::format("{} active, {} waiting", text_of(runs, "active"),
                                 text_of(runs, "waiting")));
  fields.add("vault", text_of(status, "vault_problem"), Style::bad);
  fields.add("to mend it", text_of(status, "vault_hint"));
  fields.print(console.out, console.colour_out);

  Table held({"HELD WORKFLOW", "WHY"});
  for (const Json& workflow : member_of(status, "held_workflows")) {
    held.add({text_of(workflow, "name"), joined(member_of(workflow, "reasons"), "; ")});
  }
  if (!held.empty()) {
    console.out << '\n';
    held.print(console.out, console.colour_out);
  }
  Table hosts({"HOST LEFT ALONE", "SINCE", "NEXT TRY", "WHY"});
  for (const Json& circuit : member_of(status, "open_circuits")) {
    hosts.add(
        {text_of(circuit, "host"), local_time(text_of(circuit, "since")),
         text_of(circuit, "is_probed") == "true" ? "now" : local_time(text_of(circuit, "probe_at")),
         text_of(circuit, "why")});
  }
  if (!hosts.empty()) {
    console.out << '\n';
    hosts.print(console.out, console.colour_out);
  }
  Table plugins({"PLUGIN", "STATE", "ENDED LAST BECAUSE"});
  for (const Json& plugin : member_of(status, "plugin_problems"))
    plugins.add({text_of(plugin, "name"), text_of(plugin, "state"), text_of(plugin, "problem")});
  if (!plugins.empty()) {
    console.out << '\n';
    plugins.print(console.out, console.colour_out);
  }
  print_broken_files(console.out, console.colour_out, member_of(status, "broken_files"));
}

}  // namespace

Action build_daemon_status(CLI::App&) {
  return [](Session& session) -> Outcome<ExitCode> {
    const auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto status = daemon->get("/status");
    if (!status) return status.error();
    if (session.json()) {
      print_json(session.console().out, *status);
    } else {
      print_status(session.console(), *status);
    }
    return ExitCode::done;
  };
}

}  // namespace tba::cli
