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

Outcome<ExitCode> test(Session& session, const std::string& name) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto answer =
      daemon->post("/credentials/" + percent_encode(name) + "/test", Json::object());
  if (!answer) return answer.error();
  const bool works = member_of(*answer, "works") == Json(true);
  if (session.json()) {
    print_json(session.console().out, *answer);
  } else if (works && text_of(*answer, "proved") == "token") {
    session.console().out << fmt::format(
        "credential {} got an access token; whether the API takes it is not known, as the "
        "connector names no endpoint that tells\n",
        name);
  } else if (works) {
    session.console().out << fmt::format("credential {} works: {} answered {}\n", name,
                                         text_of(*answer, "endpoint"), text_of(*answer, "status"));
  } else {
    session.console().out << fmt::format("credential {} does not work: {}\n", name,
                                         text_of(*answer, "problem"));
  }
  return works ? ExitCode::done : ExitCode::failed;
}

}  // namespace

Action build_credential_test(CLI::App& arguments) {
  const auto name = std::make_shared<std::string>();
  arguments.add_option("name", *name, "The credential")->required()->type_name("");
  arguments.footer(
      "Calls the endpoint that the connector names for this purpose, and ends with 0 where it\n"
      "answers that all is well, else with 1. Where the connector names none, an OAuth credential\n"
      "is tried on the endpoint that gives access tokens.");
  return [name](Session& session) { return test(session, *name); };
}

}  // namespace tba::cli
