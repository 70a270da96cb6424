#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/run_view.h"
#include "cli/time_text.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

void print_data(Console& console, std::string_view title, const Json& value) {
  if (value.is_null() || (value.is_object() && value.empty())) return;
  console.out << '\n' << styled(title, Style::heading, console.colour_out) << '\n';
  print_json(console.out, value);
}

void print_run(Console& console, const Json& run, bool results) {
  RunView view;
  view.apply_run(run);
  for (const std::string& line : view.lines(console.clock.now(), console.colour_out)) {
    console.out << line << '\n';
  }
  console.out << '\n';
  Fields fields;
  fields.add("started by", text_of(run, "trigger"));
  fields.add("retry of", text_of(run, "retry_of"));
  fields.add("sub-run of", text_of(run, "parent"));
  fields.add("created", local_time(text_of(run, "created_at")));
  fields.add("finished", local_time(text_of(run, "finished_at")));
  fields.add("version", text_of(run, "version"));
  fields.print(console.out, console.colour_out);
  print_data(console, "inputs", member_of(run, "inputs"));
  print_data(console, "output", member_of(run, "output"));
  if (!results) return;
  for (const Json& step : member_of(run, "steps")) {
    print_data(console, "result of " + text_of(step, "id"), member_of(step, "result"));
  }
}

struct Options {
  std::string id;
  bool results = false;
};

Outcome<ExitCode> show(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto run = daemon->get("/runs/" + percent_encode(options.id));
  if (!run) return run.error();
  if (session.json()) {
    print_json(session.console().out, *run);
  } else {
    print_run(session.console(), *run, options.results);
  }
  return ExitCode::done;
}

}  // namespace

Action build_run_show(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("run", options->id, "The run's id, or 'latest'")->required()->type_name("");
  arguments.add_flag("--results", options->results, "Also what each step left");
  return [options](Session& session) { return show(session, *options); };
}

}  // namespace tba::cli
