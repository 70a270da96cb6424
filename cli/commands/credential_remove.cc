#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/output.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

Outcome<ExitCode> remove(Session& session, const std::string& name) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto answer = daemon->remove("/credentials/" + percent_encode(name));
  if (!answer) return answer.error();
  if (session.json()) {
    print_json(session.console().out, {{"name", name}, {"removed", true}});
  } else {
    session.console().out << fmt::format("removed credential {}\n", name);
  }
  return ExitCode::done;
}

}  // namespace

Action build_credential_remove(CLI::App& arguments) {
  const auto name = std::make_shared<std::string>();
  arguments.add_option("name", *name, "The credential")->required()->type_name("");
  return [name](Session& session) { return remove(session, *name); };
}

}  // namespace tba::cli
