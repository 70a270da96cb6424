#pragma once

#include <optional>
#include <string>

#include "shared/connector.h"
#include "shared/diagnostic.h"

namespace tba {

/// Reads a connector file (tba-connector(5)). Adds every problem of the file to `diagnostics`;
/// gives a connector only where none of them was an error. `path` is what messages call the file.
/// Never throws on bad input.
std::optional<Connector> read_connector(const std::string& path, std::string text,
                                        Diagnostics& diagnostics);

}  // namespace tba
