#pragma once

#include <optional>
#include <string>

#include "shared/connector_catalog.h"
#include "shared/diagnostic.h"
#include "shared/workflow.h"

namespace tba {

/// Reads a workflow file (tba-workflow(5)). Adds every problem of the file to `diagnostics`; gives
/// a workflow only where none of them was an error. `path` is what messages call the file; its last
/// part, without the extension, is the workflow's name where the text gives none. With a catalog
/// the connectors, endpoints and parameters that the file names are checked too; null leaves that
/// out. Never throws on bad input.
std::optional<Workflow> read_workflow(const std::string& path, std::string text,
                                      const ConnectorCatalog* catalog, Diagnostics& diagnostics);

}  // namespace tba
