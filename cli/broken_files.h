#pragma once

#include <iosfwd>

#include "cli/json.h"
#include "cli/session.h"

namespace tba::cli {

/// Prints the API's list of files that the daemon could not take: each after an empty line, its
/// path, then its problems.
void print_broken_files(std::ostream& out, bool colour, const Json& files);

/// For somebody who asked for something else: says on stderr how many such files there are, where
/// there are any, and which command tells why.
void mention_broken_files(Session& session, const Json& files);

}  // namespace tba::cli
