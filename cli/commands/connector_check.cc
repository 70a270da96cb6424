#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/check_report.h"
#include "cli/commands/commands.h"
#include "shared/connector_reader.h"
#include "shared/file.h"

namespace tba::cli {
namespace {

Outcome<ExitCode> check_files(Session& session, const std::vector<std::string>& files) {
  std::vector<CheckedFile> checked;
  for (const auto& file : files) {
    auto text = read_file(file, kMaxConnectorBytes);
    if (!text) return from_error(text.error());
    checked.push_back({file, {}});
    // What is read is of no interest, only what is wrong with it.
    static_cast<void>(read_connector(file, std::move(*text), checked.back().diagnostics));
  }
  return report_checked(session, checked);
}

}  // namespace

Action build_connector_check(CLI::App& arguments) {
  const auto files = std::make_shared<std::vector<std::string>>();
  arguments.add_option("files", *files, "Connector files")->required()->type_name("FILE");
  arguments.footer("Shows every mistake of every file at once, and ends with 6 if there are any.");
  return [files](Session& session) { return check_files(session, *files); };
}

}  // namespace tba::cli
