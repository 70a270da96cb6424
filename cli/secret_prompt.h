#pragma once

#include <string>
#include <string_view>

#include "cli/error.h"

namespace tba::cli {

/// Writes the prompt to `prompt_file` and reads a line from the terminal `terminal` (both are file
/// descriptors) that does not appear on it. Backspace and Ctrl-U correct; Ctrl-C, Ctrl-D and the
/// end of input give up, which is an error. The terminal's settings are restored in every case.
Outcome<std::string> read_secret_from_terminal(int terminal, int prompt_file,
                                               std::string_view prompt);

}  // namespace tba::cli
