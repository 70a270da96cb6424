#include <istream>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/expression_source.h"
#include "cli/json_stream.h"
#include "cli/output.h"
#include "shared/expression/program.h"
#include "shared/expression/template.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::cli {
namespace {

using expression::Budget;
using expression::Context;
using expression::Evaluation;
using expression::Mode;
using expression::Problem;
using expression::Program;
using expression::Surroundings;
using expression::Template;

struct Options {
  std::optional<std::string> program;
  std::string file;
  bool null_input = false;
  bool raw_input = false;
  bool slurp = false;
  bool raw = false;
  bool join = false;
  bool compact = false;
  bool tab = false;
  bool sort_keys = false;
  std::size_t indent = 2;
  bool exit_status = false;
  std::vector<std::pair<std::string, std::string>> texts;   // --arg
  std::vector<std::pair<std::string, std::string>> values;  // --argjson
  std::string run;
  std::string step;
};

// What --arg and --argjson bind.
struct Variables {
  std::vector<std::string> names;
  std::vector<Value> values;

  // Where a name comes twice, the first one stands, as it does for jq.
  void add(const std::string& name, Value value) {
    if (std::ranges::find(names, name) != names.end()) return;
    names.push_back(name);
    values.push_back(std::move(value));
  }
};

bool is_variable_name(std::string_view name) {
  constexpr std::string_view kLetters = "_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !name.empty() && kLetters.find(name.front()) != std::string_view::npos &&
         name.find_first_not_of(std::string(kLetters) + "0123456789") == std::string_view::npos;
}

Outcome<Variables> variables_of(const Options& options) {
  Variables variables;
  for (const auto* list : {&options.texts, &options.values}) {
    for (const auto& [name, text] : *list) {
      if (!is_variable_name(name)) {
        return usage_error(fmt::format("'{}' cannot name a variable", name),
                           "letters, digits and '_', no digit first; without the '$'");
      }
    }
  }
  for (const auto& [name, text] : options.texts) variables.add(name, Value::string(text));
  for (const auto& [name, text] : options.values) {
    auto value = parse_json(text);
    if (!value) {
      return usage_error(
          fmt::format("the value of '{}' is not JSON: {}", name, value.error().message),
          "--arg takes text as it is");
    }
    variables.add(name, std::move(*value));
  }
  return variables;
}

// Prints outputs as the options say.
class Printer {
 public:
  Printer(Console& console, const Options& options)
      : console_(console), raw_(options.raw || options.join), end_(options.join ? "" : "\n") {
    style_.indent = options.compact ? 0 : options.tab ? 1 : options.indent;
    style_.tabs = options.tab;
    style_.sort_names = options.sort_keys;
  }

  void print(const Value& value) {
    if (raw_ && value.is_string()) {
      console_.out << value.as_string() << end_;
    } else {
      console_.out << to_json(value, style_) << end_;
    }
    last_is_true_ = !value.is_null() && !(value.is_boolean() && !value.as_boolean());
  }

  void print(const ExpressionSource& source, const Problem& problem) {
    console_.out.flush();
    console_.err << source.diagnostics({problem}).render(console_.colour_err);
  }

  // Whether there was an output, and the last one was neither null nor false.
  bool last_is_true() const { return last_is_true_; }

 private:
  Console& console_;
  bool raw_;
  std::string_view end_;
  JsonStyle style_;
  bool last_is_true_ = false;
};

Surroundings surroundings_of(Console& console) {
  return {&console.clock, [&console](std::string_view line) { console.err << line << '\n'; }};
}

ExitCode exit_code(const Options& options, const Printer& printer, bool all_well) {
  return all_well && (!options.exit_status || printer.last_is_true()) ? ExitCode::done
                                                                      : ExitCode::failed;
}

// --- on standard input

// The values of the input one after the other, or all as one.
class Input {
 public:
  Input(const Options& options, std::string text)
      : options_(options), text_(std::move(text)), stream_(text_), rest_(text_) {}

  // Nothing at the end.
  Outcome<std::optional<Value>> next() {
    if (options_.null_input) return once(Value());
    if (options_.slurp) return once_slurped();
    return next_piece();
  }

 private:
  Outcome<std::optional<Value>> once(Value value) {
    if (std::exchange(ended_, true)) return std::optional<Value>();
    return std::optional(std::move(value));
  }

  Outcome<std::optional<Value>> once_slurped() {
    if (ended_) return std::optional<Value>();
    if (options_.raw_input) return once(Value::string(text_));
    std::vector<Value> all;
    while (true) {
      auto piece = next_piece();
      if (!piece) return piece;
      if (!*piece) break;
      all.push_back(std::move(**piece));
    }
    return once(Value::array(std::move(all)));
  }

  Outcome<std::optional<Value>> next_piece() {
    if (options_.raw_input) return next_line();
    const auto piece = stream_.next();
    if (!piece) return std::optional<Value>();
    ++number_;
    auto value = parse_json(*piece);
    if (value) return std::optional(std::move(*value));
    return CliError{
        ExitCode::failed,
        fmt::format("value {} of the input is not JSON: {}", number_, value.error().message),
        value.error().hint};
  }

  std::optional<Value> next_line() {
    if (rest_.empty()) return std::nullopt;
    const auto end = std::min(rest_.find('\n'), rest_.size());
    auto line = Value::string(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
  }

  const Options& options_;
  const std::string text_;
  JsonStream stream_;
  std::string_view rest_;
  std::size_t number_ = 0;
  bool ended_ = false;
};

std::string read_input(Console& console, const Options& options) {
  if (options.null_input) return {};
  if (console.in_is_terminal) {
    console.err << fmt::format(
        "reading {} from the terminal: end it with Ctrl-D (or use -n for no input)\n",
        options.raw_input ? "text" : "JSON");
  }
  return {std::istreambuf_iterator<char>(console.in), {}};
}

Outcome<ExitCode> eval_on_input(Console& console, const Options& options,
                                const ExpressionSource& source) {
  const auto variables = variables_of(options);
  if (!variables) return variables.error();
  const auto program = Program::compile(source.text, Mode::plain, variables->names);
  if (!program) {
    console.err << source.diagnostics(program.error()).render(console.colour_err);
    return ExitCode::invalid_file;
  }
  const auto surroundings = surroundings_of(console);
  Printer printer(console, options);
  Input input(options, read_input(console, options));
  bool all_well = true;
  while (true) {
    auto value = input.next();
    if (!value) return value.error();
    if (!*value) return exit_code(options, printer, all_well);
    // An error ends this input's outputs; jq goes on with the next.
    Evaluation evaluation(*program, std::move(**value), {}, variables->values, surroundings);
    while (const auto output = evaluation.next()) {
      if (*output) {
        printer.print(**output);
      } else {
        printer.print(source, output->error());
        all_well = false;
        break;
      }
    }
  }
}

// --- on a run

// What the daemon has recorded of a run.
struct Recorded {
  Context context;
  Budget budget;
};

Outcome<Recorded> recorded(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  DaemonClient::Query query;
  if (!options.step.empty()) query.emplace_back("step", options.step);
  const auto answer =
      daemon->get_value(fmt::format("/runs/{}/context", percent_encode(options.run)), query);
  if (!answer) return answer.error();
  Recorded recorded;
  if (const auto* context = answer->find("context")) {
    for (const auto& member : context->members()) {
      if (const auto root = expression::root_named(member.name)) {
        recorded.context.set(*root, member.value);
      }
    }
  }
  const auto* limits = answer->find("limits");
  const auto limit = [&](std::string_view name, auto& target) {
    const auto* value = limits != nullptr ? limits->find(name) : nullptr;
    if (value != nullptr && value->is_integer() && value->as_integer() > 0) {
      target = static_cast<std::remove_reference_t<decltype(target)>>(value->as_integer());
    }
  };
  limit("steps", recorded.budget.steps);
  limit("bytes", recorded.budget.bytes);
  limit("depth", recorded.budget.depth);
  return recorded;
}

// As in a workflow: a text with ${{ }}, or what stands between.
Outcome<ExitCode> eval_on_run(Session& session, const Options& options,
                              const ExpressionSource& source) {
  Console& console = session.console();
  const bool is_template = source.text.find("${{") != std::string::npos;
  std::optional<Template> text;
  std::optional<Program> program;
  std::vector<Problem> problems;
  if (is_template) {
    if (auto parsed = Template::parse(source.text)) {
      text = std::move(*parsed);
    } else {
      problems = parsed.error();
    }
  } else if (auto compiled = Program::compile(source.text, Mode::workflow)) {
    program = std::move(*compiled);
  } else {
    problems = compiled.error();
  }
  if (!problems.empty()) {
    console.err << source.diagnostics(problems).render(console.colour_err);
    return ExitCode::invalid_file;
  }
  const auto known = recorded(session, options);
  if (!known) return known.error();
  const auto surroundings = surroundings_of(console);
  const auto value =
      text ? text->evaluate(known->context, known->budget, surroundings)
           : expression::evaluate_single(*program, known->context, known->budget, surroundings);
  Printer printer(console, options);
  if (value) {
    printer.print(*value);
  } else {
    printer.print(source, value.error());
  }
  return exit_code(options, printer, value.has_value());
}

// Which options do not go together.
Outcome<> check_options(const Options& options) {
  if (!options.run.empty() && (options.null_input || options.raw_input || options.slurp ||
                               !options.texts.empty() || !options.values.empty())) {
    return usage_error("--run does not go with -n, -R, -s, --arg and --argjson",
                       "its input is the run's context, and it has the variables of a workflow");
  }
  if (!options.step.empty() && options.run.empty()) {
    return usage_error("--step needs --run",
                       "'--run latest --step NAME' is the step of the newest run");
  }
  if (options.program.has_value() != options.file.empty()) {
    return usage_error(options.program ? "there are two programs, the argument and that of -f"
                                       : "there is no program",
                       "an expression in quotes, such as '.name', or -f with a file");
  }
  return {};
}

Outcome<ExitCode> eval(Session& session, const Options& options) {
  if (auto fitting = check_options(options); !fitting) return fitting.error();
  auto source = ExpressionSource{"expression", options.program.value_or("")};
  if (!options.program) {
    auto file = ExpressionSource::read(options.file, session.console());
    if (!file) return file.error();
    source = std::move(*file);
  }
  return options.run.empty() ? eval_on_input(session.console(), options, source)
                             : eval_on_run(session, options, source);
}

}  // namespace

Action build_expression_eval(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("program", options->program, "The expression, in jq's language")
      ->type_name("");
  arguments.add_option("-f,--from-file", options->file, "Read the expression from a file")
      ->type_name("FILE");
  arguments.add_flag("-n,--null-input", options->null_input, "Do not read; the input is null");
  arguments.add_flag("-R,--raw-input", options->raw_input, "Read lines of text instead of JSON");
  arguments.add_flag("-s,--slurp", options->slurp,
                     "Make one array of all input values, or one text of all lines");
  arguments.add_flag("-r,--raw-output", options->raw, "Print strings as they are");
  arguments.add_flag("-j,--join-output", options->join, "The same, without line breaks behind");
  arguments.add_flag("-c,--compact-output", options->compact, "Print each value on one line");
  arguments.add_flag("--tab", options->tab, "Indent by tabs");
  arguments.add_option("--indent", options->indent, "Indent by that many blanks (else 2)")
      ->check(CLI::Range(0, 7))
      ->type_name("N");
  arguments.add_flag("-S,--sort-keys", options->sort_keys, "Print members in order of their names");
  arguments.add_flag("-e,--exit-status", options->exit_status,
                     "End with 1 too where the last output is false or null, or there is none");
  arguments.add_option("--arg", options->texts, "Text for the variable $NAME; may be repeated")
      ->type_name("NAME VALUE")
      ->allow_extra_args(false);
  arguments
      .add_option("--argjson", options->values, "JSON for the variable $NAME; may be repeated")
      ->type_name("NAME JSON")
      ->allow_extra_args(false);
  arguments
      .add_option("--run", options->run, "Evaluate on the context of a run: its id, or 'latest'")
      ->type_name("RUN");
  arguments
      .add_option("--step", options->step,
                  "With --run: on what that step read (else what there was in the end)")
      ->type_name("STEP");
  arguments.footer(
      "Reads JSON values from standard input and evaluates the expression on each, as jq does. "
      "With\n"
      "--run its input is the context of a workflow's run, and a path must find its keys; a text "
      "with\n"
      "${{ }} in it is taken as in a workflow file. Ends with 1 where an evaluation fails, with 6\n"
      "where the expression does not compile.\n\n"
      "  echo '{\"tags\": [\"a\", \"b\"]}' | tba-integrate expression eval -c '.tags | map(. + "
      "\"!\")'\n"
      "  tba-integrate expression eval --run latest --step announce "
      "'.steps.reporter.body.followers'");
  return [options](Session& session) { return eval(session, *options); };
}

}  // namespace tba::cli
