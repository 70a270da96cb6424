#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/trigger_text.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

void print_workflow(Console& console, const Json& workflow) {
  const std::string state = text_of(workflow, "state");
  Fields fields;
  fields.add("name", text_of(workflow, "name"));
  fields.add("description", text_of(workflow, "description"));
  fields.add("state", state, style_of_status(state));
  fields.add("because", joined(member_of(workflow, "reasons"), "; "));
  fields.add("started by", triggers_text(member_of(workflow, "triggers")));
  fields.add("file", text_of(workflow, "path"));
  fields.add("version", text_of(workflow, "version"));
  fields.print(console.out, console.colour_out);

  Table inputs({"INPUT", "TYPE", "DEFAULT", "DESCRIPTION"});
  for (const Json& input : member_of(workflow, "inputs")) {
    const bool required = member_of(input, "required") == true;
    inputs.add({text_of(input, "name"), text_of(input, "type"),
                required ? "required" : text_of(input, "default"), text_of(input, "description")});
  }
  if (!inputs.empty()) {
    console.out << '\n';
    inputs.print(console.out, console.colour_out);
  }

  Table steps({"STEP", "DOES", "TITLE"});
  for (const Json& step : member_of(workflow, "steps")) {
    steps.add({text_of(step, "id"), text_of(step, "kind"), text_of(step, "title")});
  }
  if (!steps.empty()) {
    console.out << '\n';
    steps.print(console.out, console.colour_out);
  }
}

struct Options {
  std::string name;
  bool text = false;
};

Outcome<ExitCode> show(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto workflow = daemon->get("/workflows/" + percent_encode(options.name));
  if (!workflow) return workflow.error();
  Console& console = session.console();
  if (session.json()) {
    print_json(console.out, *workflow);
  } else if (options.text) {
    console.out << text_of(*workflow, "text");
  } else {
    print_workflow(console, *workflow);
  }
  return ExitCode::done;
}

}  // namespace

Action build_workflow_show(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("name", options->name, "The workflow")->required()->type_name("");
  arguments.add_flag("--text", options->text, "Its file's text, as the daemon read it");
  return [options](Session& session) { return show(session, *options); };
}

}  // namespace tba::cli
