#include <istream>
#include <iterator>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/json_stream.h"
#include "cli/output.h"
#include "shared/diagnostic.h"
#include "shared/expression/program.h"
#include "shared/value/json.h"

namespace tba::cli {
namespace {

using expression::Evaluation;
using expression::Mode;
using expression::Problem;
using expression::Program;

struct Options {
  std::string program;
  bool null_input = false;
  bool raw = false;
  bool compact = false;
  bool slurp = false;
};

// The problems with the line of the program each stands in, as of a file.
std::string rendered(const std::string& source, const std::vector<Problem>& problems, bool colour) {
  const auto file = std::make_shared<const SourceFile>("expression", source);
  const SourcePositions positions(file, {{0, 0}});
  Diagnostics diagnostics;
  for (const Problem& problem : problems) {
    diagnostics.error(positions, problem.offset, problem.length, problem.message, problem.hint);
  }
  return diagnostics.render(colour);
}

void print_value(Console& console, const Options& options, const Value& value) {
  if (options.raw && value.is_string()) {
    console.out << value.as_string() << '\n';
    return;
  }
  console.out << to_json(value, options.compact ? JsonStyle::compact : JsonStyle::pretty) << '\n';
}

// Prints the outputs for one input. An error ends this input's outputs; jq goes on with the next.
bool evaluate(Console& console, const Options& options, const Program& program, Value input) {
  Evaluation evaluation(program, std::move(input));
  while (const auto output = evaluation.next()) {
    if (!*output) {
      console.out.flush();
      console.err << rendered(options.program, {output->error()}, console.colour_err);
      return false;
    }
    print_value(console, options, **output);
  }
  return true;
}

Outcome<ExitCode> eval(Session& session, const Options& options) {
  Console& console = session.console();
  const auto program = Program::compile(options.program, Mode::plain);
  if (!program) {
    console.err << rendered(options.program, program.error(), console.colour_err);
    return ExitCode::invalid_file;
  }
  if (options.null_input) {
    return evaluate(console, options, *program, Value()) ? ExitCode::done : ExitCode::failed;
  }

  if (console.in_is_terminal) {
    console.err << "reading JSON from the terminal: end it with Ctrl-D (or use -n for no input)\n";
  }
  const std::string text{std::istreambuf_iterator<char>(console.in), {}};
  JsonStream stream(text);
  std::vector<Value> slurped;
  bool all_well = true;
  for (std::size_t number = 1; const auto piece = stream.next(); ++number) {
    auto value = parse_json(*piece);
    if (!value) {
      return CliError{
          ExitCode::failed,
          fmt::format("value {} of the input is not JSON: {}", number, value.error().message),
          value.error().hint};
    }
    if (options.slurp) {
      slurped.push_back(std::move(*value));
    } else {
      all_well = evaluate(console, options, *program, std::move(*value)) && all_well;
    }
  }
  if (options.slurp) {
    all_well = evaluate(console, options, *program, Value::array(std::move(slurped)));
  }
  return all_well ? ExitCode::done : ExitCode::failed;
}

}  // namespace

Action build_expression_eval(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("program", options->program, "The expression, in jq's language")
      ->required()
      ->type_name("");
  arguments.add_flag("-n,--null-input", options->null_input, "Do not read; the input is null");
  arguments.add_flag("-r,--raw-output", options->raw, "Print strings as they are");
  arguments.add_flag("-c,--compact-output", options->compact, "Print each value on one line");
  arguments.add_flag("-s,--slurp", options->slurp, "Make one array of all the input values");
  arguments.footer(
      "Reads JSON values from standard input and evaluates the expression on each. Ends with 1 "
      "where\n"
      "an evaluation fails, with 6 where the expression does not compile.\n\n"
      "  echo '{\"tags\": [\"a\", \"b\"]}' | tba-integrate expression eval -c '.tags | map(. + "
      "\"!\")'");
  return [options](Session& session) { return eval(session, *options); };
}

}  // namespace tba::cli
