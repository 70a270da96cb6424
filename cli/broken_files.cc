#include "cli/broken_files.h"

#include <ostream>

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

}  // namespace tba::cli
