#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/diagnostics_json.h"
#include "cli/expression_source.h"
#include "cli/output.h"
#include "shared/expression/program.h"

namespace tba::cli {
namespace {

using expression::Mode;
using expression::Program;

struct Options {
  std::vector<std::string> files;
  bool workflow = false;
  std::vector<std::string> variables;
};

struct CheckedProgram {
  std::string name;
  Diagnostics diagnostics;
};

Outcome<ExitCode> check(Session& session, const Options& options) {
  Console& console = session.console();
  std::vector<CheckedProgram> checked;
  for (const auto& file : options.files) {
    const auto source = ExpressionSource::read(file, console);
    if (!source) return source.error();
    const auto program = Program::compile(
        source->text, options.workflow ? Mode::workflow : Mode::plain, options.variables);
    checked.push_back(
        {source->name, program ? Diagnostics() : source->diagnostics(program.error())});
  }
  const auto broken = std::ranges::count_if(
      checked, [](const CheckedProgram& program) { return program.diagnostics.has_errors(); });
  if (session.json()) {
    Json items = Json::array();
    for (const auto& program : checked) {
      items.push_back(checked_file_json(program.name, program.diagnostics));
    }
    print_json(console.out, {{"items", std::move(items)}, {"next", nullptr}});
  } else {
    for (const auto& program : checked) {
      console.err << program.diagnostics.render(console.colour_err);
    }
    console.out << fmt::format("{} {} checked, {}\n", checked.size(),
                               checked.size() == 1 ? "program" : "programs",
                               broken == 0 ? "no errors" : fmt::format("{} with errors", broken));
  }
  return broken == 0 ? ExitCode::done : ExitCode::invalid_file;
}

}  // namespace

Action build_expression_check(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments
      .add_option("files", options->files, "Files of one jq program each; - is standard input")
      ->required()
      ->type_name("");
  arguments.add_flag("--workflow", options->workflow,
                     "Programs of a workflow: their input is the context, .trigger and so on");
  arguments
      .add_option("--arg", options->variables,
                  "A variable that is given when it runs; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  arguments.footer("Compiles and tells every mistake; ends with 6 if there are any.");
  return [options](Session& session) { return check(session, *options); };
}

}  // namespace tba::cli
