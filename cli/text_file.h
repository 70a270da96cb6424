#pragma once

#include <filesystem>
#include <string>

#include "cli/error.h"

namespace tba::cli {

/// Makes the file (mode 0600) with that text. False, and nothing is touched, where something of
/// that name is there already.
Outcome<bool> write_new_file(const std::filesystem::path& path, const std::string& text);

/// Makes the file (mode 0600) with that text, in the place of one that is there: whoever reads it
/// meets the old text or the new one.
Outcome<> replace_file(const std::filesystem::path& path, const std::string& text);

/// Makes the folder (mode 0700) and those above it. False where it is there already.
Outcome<bool> make_private_folder(const std::filesystem::path& path);

}  // namespace tba::cli
