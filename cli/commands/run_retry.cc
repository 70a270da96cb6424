#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/run_watcher.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

struct Options {
  std::string run;
  std::string from;
  bool latest = false;
  bool watch = false;
};

Outcome<ExitCode> retry(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  auto body = Json::object();
  if (!options.from.empty()) body["from"] = options.from;
  if (options.latest) body["latest"] = true;
  const auto run = daemon->post("/runs/" + percent_encode(options.run) + "/retry", body);
  if (!run) return run.error();
  return tell_of_start(session, *run, options.watch);
}

}  // namespace

Action build_run_retry(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("run", options->run, "The run's id, or 'latest'")->required()->type_name("");
  arguments
      .add_option("--from", options->from,
                  "Begin at this step, with what the steps before it have left")
      ->type_name("STEP");
  arguments.add_flag("--latest", options->latest,
                     "With the workflow as it is now, not as it was then");
  arguments.add_flag("-w,--watch", options->watch,
                     "Follow the new run until it ends, and end with its result");
  arguments.footer("Prints the new run's id; the old one stays as it is.");
  return [options](Session& session) { return retry(session, *options); };
}

}  // namespace tba::cli
