#pragma once

#include <string>

#include "cli/json.h"

namespace tba::cli {

/// What starts a workflow, on one line: "issues.opened at /hooks/triage; every 15m; by hand".
std::string triggers_text(const Json& triggers);

}  // namespace tba::cli
