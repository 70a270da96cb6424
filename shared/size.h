#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/error.h"

namespace tba {

/// Reads a number of bytes: "512", "512B", "64KiB", "25MiB", "1GiB" (powers of 1024), "64kB",
/// "25MB", "1GB" (powers of 1000). No sign, no fraction, no blanks.
Result<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact text in bytes or powers of 1024: "64KiB", "1000B".
std::string format_size(std::uint64_t bytes);

}  // namespace tba
