#include "cli/console.h"

#include <cstdlib>
#include <iostream>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/secret_prompt.h"

namespace tba::cli {
namespace {

TerminalSize size_of_terminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {.rows = size.ws_row, .columns = size.ws_col};
}

std::optional<std::string> line_of_terminal(std::chrono::milliseconds time) {
  if (std::cin.rdbuf()->in_avail() <= 0) {
    pollfd terminal{STDIN_FILENO, POLLIN, 0};
    if (poll(&terminal, 1, static_cast<int>(time.count())) <= 0) return std::nullopt;
  }
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

}  // namespace

bool wants_colour(bool is_terminal, const Console& console) {
  if (!is_terminal) return false;
  if (!console.environment("NO_COLOR").value_or("").empty()) return false;
  return console.environment("TERM").value_or("") != "dumb";
}

Console process_console(const Clock& clock) {
  Console console(std::cin, std::cout, std::cerr, clock);
  console.in_is_terminal = isatty(STDIN_FILENO) == 1;
  console.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  console.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  console.terminal_size = size_of_terminal;
  console.line_within = line_of_terminal;
  console.ask_secret = [](std::string_view prompt) {
    return read_secret_from_terminal(STDIN_FILENO, STDERR_FILENO, prompt);
  };
  console.colour_out = wants_colour(console.out_is_terminal, console);
  console.colour_err = wants_colour(isatty(STDERR_FILENO) == 1, console);
  return console;
}

}  // namespace tba::cli
