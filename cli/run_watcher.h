#pragma once

#include <chrono>
#include <string>

#include "cli/json.h"
#include "cli/session.h"

namespace tba::cli {

/// How a run is watched.
struct WatchOptions {
  bool logs = true;  ///< Also show what the run's programs write.
  /// How long a daemon may be away (it may be restarting) before the watching ends.
  std::chrono::milliseconds patience{60'000};
};

/// Shows the run until it ends: on a terminal a tree that is drawn anew, else a line for each
/// change, with --output json a line with a JSON object for each event. A connection that breaks is
/// made again. Gives done if the run succeeded, else failed.
Outcome<ExitCode> watch_run(Session& session, const std::string& id, const WatchOptions& options);

/// What a command ends with that has started `run`, as the daemon's answer tells of it: watches it,
/// or prints its id and how it can be watched.
Outcome<ExitCode> tell_of_start(Session& session, const Json& run, bool watch);

}  // namespace tba::cli
