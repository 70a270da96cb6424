#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"
#include "cli/time_text.h"

namespace tba::cli {

Action build_credential_list(CLI::App&) {
  return [](Session& session) -> Outcome<ExitCode> {
    auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto credentials = daemon->list("/credentials");
    if (!credentials) return credentials.error();
    print_list(
        session, *credentials,
        {"NAME", "CONNECTOR", "SCHEME", "TYPE", "USED BY", "CHANGED", "BASE URL", "PROBLEM"},
        [](const Json& credential) -> std::vector<Table::Cell> {
          return {text_of(credential, "name"),
                  text_of(credential, "connector"),
                  text_of(credential, "scheme"),
                  text_of(credential, "type"),
                  joined(member_of(credential, "used_by"), ", "),
                  local_time(text_of(credential, "updated_at")),
                  text_of(credential, "base_url"),
                  {text_of(credential, "problem"), Style::bad}};
        },
        fmt::format("no credentials yet: see '{}'", session.command_line("credential set --help")));
    return ExitCode::done;
  };
}

}  // namespace tba::cli
