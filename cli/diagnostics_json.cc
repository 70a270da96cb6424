#include "cli/diagnostics_json.h"

#include <nlohmann/json.hpp>

namespace tba::cli {

Json checked_file_json(const std::string& path, const Diagnostics& diagnostics) {
  Json items = Json::array();
  for (const Diagnostic& item : diagnostics.items()) {
    items.push_back(
        {{"severity", item.severity == Diagnostic::Severity::error ? "error" : "warning"},
         {"line", item.position.line},
         {"column", item.position.column},
         {"length", item.length},
         {"message", item.message},
         {"hint", item.hint}});
  }
  return {{"path", path}, {"valid", !diagnostics.has_errors()}, {"diagnostics", std::move(items)}};
}

}  // namespace tba::cli
