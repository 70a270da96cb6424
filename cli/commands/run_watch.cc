#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/run_watcher.h"

namespace tba::cli {

Action build_run_watch(CLI::App& arguments) {
  struct Options {
    std::string id;
    bool quiet = false;
  };
  const auto options = std::make_shared<Options>();
  arguments.add_option("run", options->id, "The run's id, or 'latest'")->required()->type_name("");
  arguments.add_flag("--no-logs", options->quiet, "Without what its programs write");
  arguments.footer(
      "Ends when the run does: with 0 if it succeeded, else with 1. With --output json it prints "
      "a\n"
      "JSON object for each event, one a line.");
  return [options](Session& session) {
    return watch_run(session, options->id, {.logs = !options->quiet});
  };
}

}  // namespace tba::cli
