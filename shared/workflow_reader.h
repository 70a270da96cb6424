#pragma once

#include <optional>
#include <string>

#include "shared/diagnostic.h"
#include "shared/workflow.h"
#include "shared/workflow_references.h"

namespace tba {

/// Reads a workflow file (tba-workflow(5)). Adds every problem of the file to `diagnostics`; gives
/// a workflow only where none of them was an error. `path` is what messages call the file; its last
/// part, without the extension, is the workflow's name where the text gives none. What it
/// refers to outside of the file is checked as far as the surroundings are known. Never throws on
/// bad input.
std::optional<Workflow> read_workflow(const std::string& path, std::string text,
                                      const WorkflowSurroundings& surroundings,
                                      Diagnostics& diagnostics);

/// What could be read of a workflow file.
struct WorkflowFile {
  Workflow workflow;      ///< To be run only where the file is valid.
  bool is_valid = false;  ///< Whether none of its problems was an error.
};

/// The same, for who has a use for files with errors too: their workflows have a name, and name
/// what they name.
WorkflowFile read_workflow_file(const std::string& path, std::string text,
                                const WorkflowSurroundings& surroundings, Diagnostics& diagnostics);

}  // namespace tba
