#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"

namespace tba::cli {
namespace {

std::string schemes_text(const Json& schemes) {
  std::string text;
  if (!schemes.is_array()) return text;
  for (const auto& scheme : schemes) {
    text += (text.empty() ? "" : ", ") + text_of(scheme, "name");
  }
  return text;
}

}  // namespace

Action build_connector_list(CLI::App&) {
  return [](Session& session) -> Outcome<ExitCode> {
    auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto connectors = daemon->list("/connectors");
    if (!connectors) return connectors.error();
    print_list(
        session, *connectors, {"NAME", "TITLE", "ENDPOINTS", "WEBHOOKS", "AUTH", "BASE URL"},
        [](const Json& connector) -> std::vector<Table::Cell> {
          return {text_of(connector, "name"),
                  text_of(connector, "title"),
                  text_of(connector, "endpoints"),
                  member_of(connector, "webhook") == true ? "yes" : "no",
                  schemes_text(member_of(connector, "auth")),
                  text_of(connector, "base_url")};
        },
        "no connectors");
    return ExitCode::done;
  };
}

}  // namespace tba::cli
