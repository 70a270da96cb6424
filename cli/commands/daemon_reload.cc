#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/broken_files.h"
#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"

namespace tba::cli {
namespace {

Outcome<ExitCode> reload(Session& session) {
  const auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto answer = daemon->post("/reload", Json::object());
  if (!answer) return answer.error();
  const Json& broken = member_of(*answer, "broken_files");
  Console& console = session.console();
  if (session.json()) {
    print_json(console.out, *answer);
  } else {
    const std::string workflows = text_of(*answer, "workflows");
    console.out << fmt::format(
        "{} {} in force, {}\n", workflows, workflows == "1" ? "workflow" : "workflows",
        broken.empty()
            ? "no broken files"
            : fmt::format("{} broken {}", broken.size(), broken.size() == 1 ? "file" : "files"));
    print_broken_files(console.out, console.colour_out, broken);
  }
  return broken.empty() ? ExitCode::done : ExitCode::invalid_file;
}

}  // namespace

Action build_daemon_reload(CLI::App& arguments) {
  arguments.footer(
      "What was changed, added or taken away in the folders is in force when it returns. Of a "
      "file\n"
      "with errors the last good version stays in force; there being one ends with 6.");
  return [](Session& session) { return reload(session); };
}

}  // namespace tba::cli
