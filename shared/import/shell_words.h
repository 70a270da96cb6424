#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/error.h"

namespace tba::importing {

/// A command as a shell takes it apart.
struct ShellCommand {
  std::vector<std::string> words;
  std::string rest;  ///< From a pipe, redirection or separator on, or empty.
};

/// Splits one command into words as POSIX shells do (IEEE Std 1003.1, section 2.2), with the $'…'
/// of Bash, which browsers write. Nothing is expanded, and line breaks count as blanks. An operator
/// is one only where a word could begin: a URL may hold `&`. Errors (`invalid`): a quote that is
/// not closed.
Result<ShellCommand> split_command(std::string_view text);

}  // namespace tba::importing
