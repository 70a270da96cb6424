#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "shared/error.h"

namespace tba {

/// Reads "500ms", "30s", "5m", "2h", "1d", or several of them, the larger unit first: "1h30m". No
/// sign, no fraction, no blanks; at most 3650 days.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration() reads back: "1h30m", "0s". Requires: not negative.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace tba
