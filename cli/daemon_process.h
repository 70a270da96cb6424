#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "cli/console.h"
#include "cli/daemon_client.h"
#include "cli/error.h"

namespace tba::cli {

/// The daemon's program: beside this one, else on $PATH.
Outcome<std::filesystem::path> find_daemon_program(const Console& console);

/// Starts the daemon in the background, in a session of its own, so that it outlives this program
/// and its terminal. Its output is added to `log_file`. Waits until it answers that it is ready.
/// Errors: it ended first, or was not ready in time (it is then left running); both with what it
/// wrote last. Gives its process id.
Outcome<pid_t> start_in_background(const std::filesystem::path& program,
                                   const std::vector<std::string>& arguments,
                                   const std::filesystem::path& log_file,
                                   const DaemonClient& client, std::chrono::milliseconds timeout);

/// Becomes the daemon. Returns only on failure.
CliError become_daemon(const std::filesystem::path& program,
                       const std::vector<std::string>& arguments);

/// Waits for the end of a process, which need not be a child. False where it is still there after
/// `timeout`.
class ProcessEnd {
 public:
  explicit ProcessEnd(pid_t process);
  ~ProcessEnd();
  ProcessEnd(const ProcessEnd&) = delete;
  ProcessEnd& operator=(const ProcessEnd&) = delete;

  bool wait(std::chrono::milliseconds timeout) const;

 private:
  int descriptor_;
};

}  // namespace tba::cli
