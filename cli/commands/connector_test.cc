#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/child_output.h"
#include "cli/commands/commands.h"
#include "cli/daemon_process.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "shared/connector_catalog.h"

namespace tba::cli {
namespace {

using std::filesystem::path;

struct Options {
  std::string connector;
  std::string cassettes;
};

CliError not_there(const path& file, std::string hint = {}) {
  return {ExitCode::not_found, fmt::format("there is no file {}", file.string()), std::move(hint)};
}

// What is tested, and with what.
struct Tested {
  std::string connector;  // its file, or the name of a built-in one
  path cassettes;
};

// The connector's file is given, or that of a name.
Outcome<Tested> tested_of(Session& session, const std::string& connector) {
  const bool is_path = connector.find('/') != std::string::npos || connector.ends_with(".yaml") ||
                       connector.ends_with(".yml");
  path file = connector;
  if (!is_path) {
    const auto paths = session.paths();
    if (!paths) return paths.error();
    file = paths->connectors / (connector + ".yaml");
  }
  const auto cassettes = file.parent_path() / "cassettes" / file.filename();
  if (std::filesystem::is_regular_file(file)) return Tested{file.string(), cassettes};
  if (!is_path && built_in_connectors().find(connector)) return Tested{connector, cassettes};
  return not_there(file);
}

std::string shown(const Json& value) {
  return one_line(value.is_string() ? value.get<std::string>() : value.dump());
}

void print_item(std::ostream& out, const Json& item, bool colour) {
  const bool passed = member_of(item, "passed") == true;
  const auto name = text_of(item, "name");
  const auto endpoint = text_of(item, "endpoint");
  out << styled(passed ? "ok  " : "FAIL", passed ? Style::good : Style::bad, colour) << "  "
      << one_line(name == endpoint ? name : fmt::format("{} ({})", name, endpoint)) << '\n';
  for (const Json& difference : member_of(item, "differences")) {
    out << fmt::format("      {}\n        expected  {}\n        got       {}\n",
                       one_line(text_of(difference, "at")),
                       shown(member_of(difference, "expected")),
                       shown(member_of(difference, "got")));
  }
}

ExitCode report(Session& session, const Json& result) {
  Console& console = session.console();
  std::size_t failed = 0;
  const Json& items = member_of(result, "items");
  for (const Json& item : items) failed += member_of(item, "passed") == true ? 0 : 1;
  if (session.json()) {
    print_json(console.out, result);
  } else {
    for (const Json& item : items) print_item(console.out, item, console.colour_out);
    console.out << fmt::format("{} passed, {} failed\n", items.size() - failed, failed);
  }
  return failed == 0 ? ExitCode::done : ExitCode::failed;
}

Outcome<ExitCode> test(Session& session, const Options& options) {
  const auto tested = tested_of(session, options.connector);
  if (!tested) return tested.error();
  const auto cassettes = options.cassettes.empty() ? tested->cassettes : path(options.cassettes);
  if (!std::filesystem::is_regular_file(cassettes))
    return not_there(cassettes, "`connector call --record` makes one; see tba-connector(5)");
  const auto program = find_daemon_program(session.console());
  if (!program) return program.error();
  const auto child = run_child(
      *program, {"--test-connector", tested->connector, "--cassettes", cassettes.string()});
  if (!child) return child.error();
  // It has said itself what is wrong with the files.
  if (child->exit_code == static_cast<int>(ExitCode::invalid_file)) return ExitCode::invalid_file;
  const Json result = Json::parse(child->out, nullptr, false);
  if (child->exit_code != 0 || !member_of(result, "items").is_array()) {
    return CliError{ExitCode::failed,
                    fmt::format("{} ended with {}", program->string(), child->exit_code)};
  }
  return report(session, result);
}

}  // namespace

Action build_connector_test(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("connector", options->connector, "A connector's file, or its name")
      ->required()
      ->type_name("FILE|NAME");
  arguments
      .add_option("--cassettes", options->cassettes,
                  "The calls to compare with (else cassettes/NAME.yaml beside the file)")
      ->type_name("FILE");
  arguments.footer(
      "Makes every call of the cassettes without a network, each answer being the recorded one.\n"
      "Shows what is not as it says, and then ends with 1; with 6 where a file has mistakes.");
  return [options](Session& session) { return test(session, *options); };
}

}  // namespace tba::cli
