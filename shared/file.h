#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "shared/error.h"

namespace tba {

/// The most that a workflow, connector or configuration file may hold.
inline constexpr std::size_t kMaxYamlBytes = 1 << 20;

/// The whole of a file. Errors: `not_found`; `limit_exceeded` where it holds more than `max_bytes`;
/// `invalid` where it cannot be read, for a folder for one. The message names the file.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace tba
