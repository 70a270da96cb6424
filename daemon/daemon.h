#pragma once

#include <filesystem>

#include "daemon/config.h"
#include "shared/error.h"
#include "shared/paths.h"

namespace tba::daemon {

/// What the process is told on its command line and by its environment.
struct Options {
  Paths paths;
  Config config;
  std::filesystem::path credentials_directory;  ///< $CREDENTIALS_DIRECTORY, or empty.
  std::filesystem::path log_file;               ///< Besides stderr; empty: none.
};

/// Runs the daemon until it is told to stop, by SIGTERM, SIGINT or its API; SIGHUP has it read its
/// files anew. Called once in a process, on its main thread, before any other thread exists.
/// Errors: why it could not start.
Result<> run(const Options& options);

}  // namespace tba::daemon
