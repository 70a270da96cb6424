#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

Outcome<ExitCode> accept(Session& session, const std::string& offer) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto stored =
      daemon->post("/credential-offers/" + percent_encode(offer) + "/accept", Json::object());
  if (!stored) return stored.error();
  if (session.json()) {
    print_json(session.console().out, *stored);
  } else {
    session.console().out << fmt::format("stored credential {} ({}, {})\n",
                                         text_of(*stored, "name"), text_of(*stored, "connector"),
                                         text_of(*stored, "scheme"));
  }
  return ExitCode::done;
}

}  // namespace

Action build_credential_accept(CLI::App& arguments) {
  const auto offer = std::make_shared<std::string>();
  arguments.add_option("offer", *offer, "One that 'credential offers' shows")
      ->required()
      ->type_name("");
  arguments.footer(
      "Accept a secret only after the API's own page has taken it: anybody can offer one.");
  return [offer](Session& session) { return accept(session, *offer); };
}

}  // namespace tba::cli
