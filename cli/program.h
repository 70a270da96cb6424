#pragma once

#include <string>
#include <vector>

#include "cli/console.h"

namespace tba::cli {

/// Runs the command of these arguments (without the program's name). Gives the process's exit code;
/// every failure has been told on `console.err` by then.
int run_program(std::vector<std::string> arguments, Console& console);

}  // namespace tba::cli
