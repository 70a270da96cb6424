#pragma once

#include <iosfwd>

#include "cli/json.h"

namespace tba::cli {

/// Prints the API's list of files that the daemon could not take: each after an empty line, its
/// path, then its problems.
void print_broken_files(std::ostream& out, bool colour, const Json& files);

}  // namespace tba::cli
