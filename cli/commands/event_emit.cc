#include <istream>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"

namespace tba::cli {
namespace {

struct Options {
  std::string name;
  std::optional<std::string> data;
};

/// The data as given, or from standard input where it is '-'.
Outcome<Json> read_data(Session& session, const Options& options) {
  if (!options.data) return Json();
  const bool is_piped = *options.data == "-";
  const std::string text =
      is_piped ? std::string(std::istreambuf_iterator<char>(session.console().in), {})
               : *options.data;
  auto data = Json::parse(text, nullptr, false);
  if (data.is_discarded()) {
    return usage_error(fmt::format("{} is no JSON", is_piped ? "standard input" : "--data"),
                       "text is JSON in quotes: --data '\"text\"'");
  }
  return data;
}

Outcome<ExitCode> emit(Session& session, const Options& options) {
  auto data = read_data(session, options);
  if (!data) return data.error();
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto event = daemon->post("/events", {{"name", options.name}, {"data", std::move(*data)}});
  if (!event) return event.error();
  Console& console = session.console();
  if (session.json()) {
    print_json(console.out, *event);
  } else {
    console.out << text_of(*event, "id") << '\n';
    const auto runs = member_of(*event, "runs").size();
    console.err << fmt::format("it started {} run{}\n", runs, runs == 1 ? "" : "s");
  }
  return ExitCode::done;
}

}  // namespace

Action build_event_emit(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("name", options->name, "The event's name, such as orders.created")
      ->required()
      ->type_name("");
  arguments
      .add_option("--data", options->data,
                  "What it brings, as JSON; '-' reads it from standard input")
      ->type_name("JSON");
  arguments.footer(
      "Starts the workflows that have an 'event' trigger of that name, and lets steps go on that "
      "wait for it. Prints the event's id.");
  return [options](Session& session) { return emit(session, *options); };
}

}  // namespace tba::cli
