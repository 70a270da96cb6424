#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/daemon_client.h"
#include "cli/error.h"
#include "shared/paths.h"
#include "shared/value/value.h"

namespace tba::cli {

/// What every command takes, before or after its own name.
struct GlobalOptions {
  std::string home;    ///< --home; empty: $TBA_HOME, else the XDG folders.
  std::string socket;  ///< --socket; empty: the configuration's, else the home's.
  bool json = false;   ///< --output json
};

/// What a command works with: where it was called, and how it reaches files and daemon.
class Session {
 public:
  /// The console must outlive it.
  Session(Console& console, GlobalOptions options);

  Console& console() { return console_; }
  bool json() const { return options_.json; }

  /// Where the home's files are.
  Outcome<Paths> paths() const;

  /// The `vars:` of the home's configuration; nothing where there is none that
  /// can be read.
  std::optional<Value> configured_vars() const;

  /// The names in the `notify:` of the home's configuration; likewise.
  std::optional<std::vector<std::string>> configured_notify_targets() const;

  /// The folders that a daemon of that home reads its workflows from.
  std::vector<std::filesystem::path> workflow_folders(const Paths& paths) const;

  /// A client of the home's daemon. Connects with the first request, not here.
  Outcome<DaemonClient> daemon() const;

  /// The command line `tba-integrate <command>` for the same home, as a hint shows it.
  std::string command_line(std::string_view command) const;

  /// --home as given, or empty.
  const std::string& home_option() const { return options_.home; }

 private:
  Console& console_;
  GlobalOptions options_;
};

}  // namespace tba::cli
