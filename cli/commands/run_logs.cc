#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

constexpr int kLinesAtOnce = 1000;

struct Options {
  std::string id;
  std::string step;
};

void print_line(Console& console, const Json& line, bool with_step) {
  const std::string text = text_of(line, "text");
  if (with_step) {
    console.out << styled(text_of(line, "step") + " |", Style::dim, console.colour_out) << ' ';
  }
  console.out << (console.out_is_terminal ? one_line(text) : text) << '\n';
}

// Every line there is, page by page, so that a long log needs no memory.
Outcome<ExitCode> print_logs(Session& session, const Options& options) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  Console& console = session.console();
  const std::string path = "/runs/" + percent_encode(options.id) + "/logs";
  Json all = Json::array();
  std::string after;
  while (true) {
    DaemonClient::Query query{{"limit", std::to_string(kLinesAtOnce)}};
    if (!after.empty()) query.emplace_back("after", after);
    auto page = daemon->list(path, query);
    if (!page) return page.error();
    for (auto& line : page->at("items")) {
      if (!options.step.empty() && text_of(line, "step") != options.step) continue;
      if (session.json()) {
        all.push_back(std::move(line));
      } else {
        print_line(console, line, options.step.empty());
      }
    }
    const std::string next = text_of(*page, "next");
    if (next.empty() || next == after) break;
    after = next;
  }
  if (session.json()) print_json(console.out, {{"items", all}, {"next", nullptr}});
  return ExitCode::done;
}

}  // namespace

Action build_run_logs(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("run", options->id, "The run's id, or 'latest'")->required()->type_name("");
  arguments.add_option("--step", options->step, "Only of this step, without its name before each")
      ->type_name("ID");
  return [options](Session& session) { return print_logs(session, *options); };
}

}  // namespace tba::cli
