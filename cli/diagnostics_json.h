#pragma once

#include <string>

#include "cli/json.h"
#include "shared/diagnostic.h"

namespace tba::cli {

/// What was found out about one file, as `--output json` shows it: path, valid, diagnostics.
Json checked_file_json(const std::string& path, const Diagnostics& diagnostics);

}  // namespace tba::cli
