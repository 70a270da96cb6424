#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/run_watcher.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

struct Options {
  std::string workflow;
  std::vector<std::string> inputs;
  bool watch = false;
};

Outcome<ExitCode> start(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const std::string path = "/workflows/" + percent_encode(options.workflow);
  Json inputs = Json::object();
  if (!options.inputs.empty()) {
    const auto workflow = daemon->get(path);
    if (!workflow) return workflow.error();
    auto values = typed_values(options.inputs, member_of(*workflow, "inputs"), "input");
    if (!values) return values.error();
    inputs = std::move(*values);
  }
  const auto run = daemon->post(path + "/runs", {{"inputs", std::move(inputs)}});
  if (!run) return run.error();
  return tell_of_start(session, *run, options.watch);
}

}  // namespace

Action build_run_start(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("workflow", options->workflow, "The workflow")->required()->type_name("");
  arguments
      .add_option("-i,--input", options->inputs,
                  "A value for one of its inputs; once for each. Other than text is JSON: 10, true")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  arguments.add_flag("-w,--watch", options->watch,
                     "Follow the run until it ends, and end with its result");
  arguments.footer(
      "Prints the run's id. The workflow needs a 'manual' trigger.\n\n"
      "  tba-integrate run start hello --input name=Ada --watch");
  return [options](Session& session) { return start(session, *options); };
}

}  // namespace tba::cli
