#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/size_text.h"

namespace tba::cli {

Action build_store_compact(CLI::App&) {
  return [](Session& session) -> Outcome<ExitCode> {
    const auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto sizes = daemon->patient().post("/store/compact", Json::object());
    if (!sizes) return sizes.error();
    if (session.json()) {
      print_json(session.console().out, *sizes);
      return ExitCode::done;
    }
    const Json& before = member_of(*sizes, "before");
    const Json& after = member_of(*sizes, "after");
    if (number_of(before, "free_bytes").value_or(0) == 0) {
      session.console().out << fmt::format("nothing is unused; the database has {}\n",
                                           size_text(after, "bytes"));
    } else {
      session.console().out << fmt::format("the database had {} and has {}\n",
                                           size_text(before, "bytes"), size_text(after, "bytes"));
    }
    return ExitCode::done;
  };
}

}  // namespace tba::cli
