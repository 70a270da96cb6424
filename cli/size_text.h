#pragma once

#include <string>
#include <string_view>

#include "cli/json.h"

namespace tba::cli {

/// A number of bytes for people: "512 B", "1.4 KiB", "23 MiB". Requires: not negative.
std::string size_text(double bytes);

/// The same of a member; empty where it is no number.
std::string size_text(const Json& object, std::string_view key);

}  // namespace tba::cli
