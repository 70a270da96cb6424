#pragma once

#include <vector>

#include "cli/session.h"
#include "shared/file_check.h"

namespace tba::cli {

/// Shows what was found out about files: for people every problem with its line on standard error
/// and a summary on standard output, for scripts a record of each file. Gives what the command ends
/// with: `invalid_file` where there are errors.
ExitCode report_checked(Session& session, const std::vector<CheckedFile>& all);

}  // namespace tba::cli
