#include "cli/program.h"

#include <algorithm>
#include <exception>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/output.h"
#include "shared/suggestion.h"
#include "shared/version.h"

namespace tba::cli {
namespace {

struct Arguments {
  GlobalOptions options;
  std::string output = "text";
  bool help = false;
  bool version = false;
};

// The options that stand before the command or among its own.
void add_global_options(CLI::App& app, Arguments& arguments) {
  const char* group = "Options of every command";
  app.add_option("--home", arguments.options.home,
                 "The home's folder (else $TBA_HOME, else ~/.config/tba-integrate…)")
      ->type_name("FOLDER")
      ->group(group);
  app.add_option("--socket", arguments.options.socket, "The daemon's socket (else the home's)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--output", arguments.output, "text for people, json for scripts")
      ->type_name("text|json")
      ->check(CLI::IsMember({"text", "json"}).description(""))
      ->group(group);
}

std::string full_name(const Command& command) {
  return command.verb.empty() ? std::string(command.noun)
                              : fmt::format("{} {}", command.noun, command.verb);
}

bool has_noun(std::string_view noun) {
  return std::ranges::any_of(command_table(),
                             [&](const Command& command) { return command.noun == noun; });
}

const Command* find_command(std::string_view noun, std::string_view verb) {
  for (const Command& command : command_table()) {
    if (command.noun == noun && command.verb == verb) return &command;
  }
  return nullptr;
}

// The commands, of one noun or all, one a line.
void print_commands(std::ostream& out, std::string_view noun) {
  std::size_t width = 0;
  for (const Command& command : command_table()) width = std::max(width, full_name(command).size());
  std::string_view previous;
  for (const Command& command : command_table()) {
    if (!noun.empty() && command.noun != noun) continue;
    if (!previous.empty() && previous != command.noun) out << '\n';
    previous = command.noun;
    out << fmt::format("  {:<{}}  {}\n", full_name(command), width, command.summary);
  }
}

void print_overview(std::ostream& out) {
  out << "tba-integrate runs workflows that connect APIs: started by webhooks, schedules or by\n"
         "hand, they call services, pass data on, and lose no event and no run.\n"
         "\n"
         "Usage: tba-integrate [--home FOLDER] [--output text|json] COMMAND [ARGUMENTS]\n"
         "\n";
  print_commands(out, "");
  out << "\n"
         "'tba-integrate COMMAND --help' explains a command. To begin: 'tba-integrate init', then\n"
         "'tba-integrate daemon start', then 'tba-integrate run start hello --watch'.\n";
}

void print_noun_help(std::ostream& out, std::string_view noun) {
  out << fmt::format("Usage: tba-integrate {} VERB [ARGUMENTS]\n\n", noun);
  print_commands(out, noun);
  out << fmt::format("\n'tba-integrate {} VERB --help' explains one.\n", noun);
}

CliError unknown_noun(std::string_view word) {
  std::vector<std::string> with_that_verb;
  std::vector<std::string> nouns;
  for (const Command& command : command_table()) {
    if (command.verb == word) with_that_verb.push_back(fmt::format("'{}'", full_name(command)));
    if (nouns.empty() || nouns.back() != command.noun) nouns.emplace_back(command.noun);
  }
  const std::string hint = "'tba-integrate --help' lists the commands";
  if (!with_that_verb.empty()) {
    return usage_error(fmt::format("unknown command '{}' (did you mean {}?)", word,
                                   fmt::join(with_that_verb, " or ")),
                       hint);
  }
  return usage_error(fmt::format("unknown command '{}'{}", word, did_you_mean(word, nouns)), hint);
}

CliError unknown_verb(std::string_view noun, std::string_view word) {
  std::vector<std::string> verbs;
  for (const Command& command : command_table()) {
    if (command.noun == noun) verbs.emplace_back(command.verb);
  }
  return usage_error(
      fmt::format("'{}' has no command '{}'{}", noun, word, did_you_mean(word, verbs)),
      fmt::format("'tba-integrate {} --help' lists them", noun));
}

// What CLI11 refused, in our words where ours are clearer.
CliError parse_error(const CLI::App& app, const CLI::ParseError& error, const std::string& hint) {
  const std::vector<std::string> extras = app.remaining();
  const auto option =
      std::ranges::find_if(extras, [](const std::string& extra) { return extra.starts_with('-'); });
  if (option != extras.end()) {
    std::vector<std::string> known;
    for (const CLI::Option* candidate : app.get_options()) {
      for (const std::string& name : candidate->get_lnames()) known.push_back("--" + name);
    }
    const std::string name = option->substr(0, option->find('='));
    return usage_error(fmt::format("unknown option '{}'{}", name, did_you_mean(name, known)), hint);
  }
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && !extras.empty()) {
    return usage_error(fmt::format("unexpected argument '{}'", extras.front()), hint);
  }
  return usage_error(error.what(), hint);
}

// CLI11 takes the arguments from the back.
void parse(CLI::App& app, std::vector<std::string> words) {
  std::ranges::reverse(words);
  app.parse(std::move(words));
}

Outcome<ExitCode> run_command(const Command& command, std::vector<std::string> words,
                              Arguments arguments, Console& console) {
  const std::string name = full_name(command);
  CLI::App app(std::string(command.summary) + ".", "tba-integrate " + name);
  app.get_formatter()->column_width(30);
  app.get_formatter()->label("REQUIRED", "(required)");
  const Action action = command.build(app);
  add_global_options(app, arguments);
  try {
    parse(app, std::move(words));
  } catch (const CLI::CallForHelp&) {
    console.out << app.help();
    return ExitCode::done;
  } catch (const CLI::ParseError& error) {
    return parse_error(app, error, fmt::format("see 'tba-integrate {} --help'", name));
  }
  arguments.options.json = arguments.output == "json";
  Session session(console, std::move(arguments.options));
  return action(session);
}

// `help`, `help run`, `help run start`: the same as --help after those words.
Outcome<ExitCode> dispatch(std::vector<std::string> words, Console& console) {
  Arguments arguments;
  CLI::App root("", "tba-integrate");
  root.set_help_flag();
  root.prefix_command();
  root.add_flag("-h,--help", arguments.help);
  root.add_flag("--version", arguments.version);
  add_global_options(root, arguments);
  const std::string hint = "see 'tba-integrate --help'";
  try {
    parse(root, std::move(words));
  } catch (const CLI::ParseError& error) {
    return parse_error(root, error, hint);
  }
  if (arguments.version) {
    console.out << "tba-integrate " << version() << '\n';
    return ExitCode::done;
  }

  std::vector<std::string> rest = root.remaining();
  if (!rest.empty() && rest.front().starts_with('-')) {
    return parse_error(root, CLI::ExtrasError(rest), hint);
  }
  if (!rest.empty() && rest.front() == "help") {
    rest.erase(rest.begin());
    rest.emplace_back("--help");
  }
  if (rest.empty() || rest.front() == "--help" || arguments.help) {
    print_overview(console.out);
    return ExitCode::done;
  }

  const std::string noun = rest.front();
  rest.erase(rest.begin());
  if (!has_noun(noun)) return unknown_noun(noun);
  if (const Command* command = find_command(noun, "")) {
    return run_command(*command, std::move(rest), std::move(arguments), console);
  }
  if (rest.empty()) {
    print_noun_help(console.err, noun);
    return ExitCode::usage;
  }
  const std::string verb = rest.front();
  if (verb == "--help" || verb == "-h") {
    print_noun_help(console.out, noun);
    return ExitCode::done;
  }
  const Command* command = find_command(noun, verb);
  if (command == nullptr) return unknown_verb(noun, verb);
  rest.erase(rest.begin());
  return run_command(*command, std::move(rest), std::move(arguments), console);
}

}  // namespace

int run_program(std::vector<std::string> arguments, Console& console) {
  CliError failure;
  try {
    const auto outcome = dispatch(std::move(arguments), console);
    console.out.flush();
    if (outcome && console.out) return static_cast<int>(*outcome);
    failure = outcome ? CliError{ExitCode::failed, "the output could not be written",
                                 "the disk may be full, or the reader gone"}
                      : outcome.error();
  } catch (const std::exception& error) {
    failure = {ExitCode::failed, fmt::format("unexpected: {}", error.what()),
               "this is a bug of tba-integrate"};
  }
  print_error(console, failure);
  return static_cast<int>(failure.code);
}

}  // namespace tba::cli
