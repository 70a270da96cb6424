#pragma once

#include <optional>
#include <string>

#include "shared/connector.h"
#include "shared/diagnostic.h"
#include "shared/file.h"
#include "shared/yaml_reader.h"

namespace tba {

/// What a connector file may use. One that was made of an API's description has a thousand
/// endpoints and more.
inline constexpr yaml::Limits kConnectorLimits{.bytes = kMaxConnectorBytes, .weight = 1'000'000};

/// Reads a connector file (tba-connector(5)), or the manifest of a plugin (tba-plugin(5)): what its
/// keys say it is. Adds every problem of the file to `diagnostics`;
/// gives a connector only where none of them was an error. `path` is what messages call the file;
/// a plugin runs in its folder. Never throws on bad input.
std::optional<Connector> read_connector(const std::string& path, std::string text,
                                        Diagnostics& diagnostics);

}  // namespace tba
