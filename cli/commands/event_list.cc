#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"
#include "cli/time_text.h"

namespace tba::cli {
namespace {

struct Options {
  Page page;
  std::string name;
};

Outcome<ExitCode> list(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  auto query = query_of(options.page);
  if (!options.name.empty()) query.emplace_back("name", options.name);
  const auto events = daemon->list("/events", query);
  if (!events) return events.error();
  print_list(
      session, *events, {"EVENT", "AT", "NAME", "SOURCE", "DATA"},
      [](const Json& event) -> std::vector<Table::Cell> {
        return {text_of(event, "id"), local_time(text_of(event, "at")), text_of(event, "name"),
                text_of(event, "source"), text_of(event, "data")};
      },
      "no events");
  return ExitCode::done;
}

}  // namespace

Action build_event_list(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("--name", options->name, "Only events of this name")->type_name("NAME");
  add_page_options(arguments, options->page);
  return [options](Session& session) { return list(session, *options); };
}

}  // namespace tba::cli
