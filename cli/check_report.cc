#include "cli/check_report.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/diagnostics_json.h"
#include "cli/output.h"

namespace tba::cli {

ExitCode report_checked(Session& session, const std::vector<CheckedFile>& all) {
  Console& console = session.console();
  const auto broken = std::ranges::count_if(
      all, [](const CheckedFile& file) { return file.diagnostics.has_errors(); });
  if (session.json()) {
    Json items = Json::array();
    for (const CheckedFile& file : all)
      items.push_back(checked_file_json(file.path, file.diagnostics));
    print_json(console.out, {{"items", std::move(items)}, {"next", nullptr}});
  } else {
    for (const CheckedFile& file : all) {
      console.err << file.diagnostics.render(console.colour_err);
    }
    console.out << fmt::format("{} {} checked, {}\n", all.size(),
                               all.size() == 1 ? "file" : "files",
                               broken == 0 ? "no errors" : fmt::format("{} with errors", broken));
  }
  return broken == 0 ? ExitCode::done : ExitCode::invalid_file;
}

}  // namespace tba::cli
