#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "shared/error.h"

namespace tba {

/// Gives the value of an environment variable. A seam.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The process's own environment. Requires: nobody calls setenv() meanwhile.
std::optional<std::string> process_environment(const std::string& name);

/// Where things are, unless the configuration says otherwise. All absolute; none need exist.
struct Paths {
  std::filesystem::path home;  ///< The folder that messages name: that of the configuration.
  std::filesystem::path config_file;
  std::filesystem::path workflows;   ///< Folder.
  std::filesystem::path connectors;  ///< Folder.
  std::filesystem::path plugins;     ///< Folder.
  std::filesystem::path store;
  std::filesystem::path vault_key;
  std::filesystem::path socket;
  std::filesystem::path log_file;
  std::filesystem::path runs;  ///< Folder of the working folders of runs.
};

/// $TBA_HOME, where set, holds everything: `config.yaml`, `workflows/`, `connectors/`, `plugins/`,
/// `tba.db`, `vault.key`, `daemon.sock`, `daemon.log`, `runs/`. Else the folders of the XDG Base
/// Directory Specification 0.8, each with a `tba-integrate` in it: configuration, workflows,
/// connectors and plugins in $XDG_CONFIG_HOME (~/.config), store and key in $XDG_DATA_HOME
/// (~/.local/share), log and runs in $XDG_STATE_HOME (~/.local/state), the socket in
/// $XDG_RUNTIME_DIR or else beside the store. A relative $TBA_HOME is taken from the current
/// folder; relative XDG variables are ignored, as the specification asks. Fails where neither is
/// set nor $HOME.
Result<Paths> resolve_paths(const Environment& environment);

}  // namespace tba
