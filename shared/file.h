#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "shared/error.h"

namespace tba {

/// The most that a workflow or configuration file may hold, which people write.
inline constexpr std::size_t kMaxYamlBytes = 1 << 20;

/// The most that a connector file may hold: one that was made of an API's description is larger
/// than anything that is written by hand.
inline constexpr std::size_t kMaxConnectorBytes = 8 << 20;

/// The whole of a file. Errors: `not_found`; `limit_exceeded` where it holds more than `max_bytes`;
/// `invalid` where it cannot be read, for a folder for one. The message names the file.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace tba
