#pragma once

#include <string_view>

namespace tba {

/// The release this is, "0.1.0" (semver.org).
std::string_view version();

}  // namespace tba
