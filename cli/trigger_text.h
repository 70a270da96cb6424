#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace tba::cli {

/// What starts a workflow, on one line: "issues.opened at /hooks/triage; every 15m; by hand".
std::string triggers_text(const nlohmann::json& triggers);

}  // namespace tba::cli
