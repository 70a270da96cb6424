#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/endpoint.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// The program that answers the calls of a connector which is a plugin (tba-plugin(5)), and what it
/// may do.
struct PluginProgram {
  std::string version;
  /// The program and its arguments. A name without a slash is looked for in PATH, a relative path
  /// starts at `folder`.
  std::vector<std::string> command;
  std::filesystem::path folder;                 ///< That of the manifest; where the program runs.
  std::size_t memory = std::size_t{512} << 20;  ///< Bytes of data that it may have.
  std::size_t calls = 16;                       ///< That it is given at a time.
  bool may_use_network = false;
};

/// The keys of a manifest.
extern const KeyTable kPluginTable;

/// What a manifest says of its program. `path` is its own.
PluginProgram read_plugin_program(const Fields& manifest, const std::filesystem::path& path);

/// The endpoint of that id that a node of a manifest describes: one without a request.
Endpoint read_plugin_endpoint(const yaml::Node& id, const yaml::Node& node,
                              Diagnostics& diagnostics);

/// Adds the manifests of the plugins in a folder, each of which has a folder of its own in it:
/// `csv/plugin.yaml`. A folder that is not there has none. Gives why it cannot be read, if so.
std::error_code list_plugin_manifests(const std::filesystem::path& folder,
                                      std::vector<std::filesystem::path>& manifests);

}  // namespace tba
