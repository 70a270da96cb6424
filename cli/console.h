#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "cli/error.h"
#include "shared/clock.h"

namespace tba::cli {

/// Rows and columns of a terminal.
struct TerminalSize {
  int rows = 24;
  int columns = 80;
};

/// Everything a command meets outside of the daemon and the file system: a seam, so that tests run
/// whole commands in their own process. Results go to `out`, everything about them to `err`.
struct Console {
  Console(std::istream& input, std::ostream& output, std::ostream& errors, const Clock& time)
      : in(input), out(output), err(errors), clock(time) {}

  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const Clock& clock;

  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool colour_out = false;
  bool colour_err = false;

  /// The variable's value, or nothing where it is not set.
  std::function<std::optional<std::string>(const std::string& name)> environment;

  /// Now, since people resize windows.
  std::function<TerminalSize()> terminal_size;

  /// A line that is typed within that time; nothing where none is. Only where in_is_terminal.
  std::function<std::optional<std::string>(std::chrono::milliseconds)> line_within;

  /// Shows the prompt and reads one line that is not shown. Only where in_is_terminal.
  std::function<Outcome<std::string>(std::string_view prompt)> ask_secret;
};

/// Whether output to a terminal is coloured: not with NO_COLOR (https://no-color.org) set to
/// anything, nor on a terminal that calls itself dumb.
bool wants_colour(bool is_terminal, const Console& console);

/// The process's own streams, environment and terminal. The clock must outlive it.
Console process_console(const Clock& clock);

}  // namespace tba::cli
