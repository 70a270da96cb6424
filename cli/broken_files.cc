#include "cli/broken_files.h"

#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_fields.h"
#include "cli/output.h"

namespace tba::cli {

void print_broken_files(std::ostream& out, bool colour, const Json& files) {
  for (const auto& file : files) {
    const std::string diagnostics = text_of(file, "diagnostics");
    out << '\n'
        << styled("broken file: " + one_line(text_of(file, "path")), Style::bad, colour) << '\n'
        << diagnostics << (diagnostics.ends_with('\n') ? "" : "\n");
  }
}

void mention_broken_files(Session& session, const Json& files) {
  if (!files.is_array() || files.empty()) return;
  const std::string what =
      files.size() == 1 ? "1 file is broken" : fmt::format("{} files are broken", files.size());
  session.console().err << fmt::format("{}: '{}' tells why\n", what,
                                       session.command_line("daemon status"));
}

}  // namespace tba::cli
