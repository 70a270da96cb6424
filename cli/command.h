#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "cli/session.h"

namespace CLI {
class App;
}

namespace tba::cli {

/// What a command does once its arguments are read.
using Action = std::function<Outcome<ExitCode>(Session&)>;

/// One command of the program. The table of them is all there is to know about the command line:
/// dispatch, help and suggestions come from it.
struct Command {
  std::string_view noun;
  std::string_view verb;  ///< Empty for `init`, which needs none.
  std::string_view summary;
  Action (*build)(CLI::App& arguments);  ///< Declares the arguments; gives what to do with them.
};

/// All commands, those of a noun together, in the order of the help.
std::span<const Command> command_table();

}  // namespace tba::cli
