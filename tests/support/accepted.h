#pragma once

#include <string>

namespace tba::tests {

/// Checks that a file of the source tree, named from its root, holds exactly that text. With
/// TBA_ACCEPT set in the environment the file is written instead, for a person to look at the
/// difference and commit it.
void check_accepted(const std::string& path, const std::string& text);

}  // namespace tba::tests
