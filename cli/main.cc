#include <csignal>

#include "cli/program.h"

int main(int argc, char** argv) {
  // A reader that goes away (`… | head`) is seen as an output error, not as a signal.
  std::signal(SIGPIPE, SIG_IGN);
  const tba::SystemClock clock;
  auto console = tba::cli::process_console(clock);
  return tba::cli::run_program({argv + 1, argv + argc}, console);
}
