#pragma once

#include "shared/key_table.h"

namespace tba {

/// The keys of a workflow file.
extern const KeyTable kWorkflowTable;

/// The keys of a trigger of it.
extern const KeyTable kTriggerTable;

/// The keys of a step of it.
extern const KeyTable kStepTable;

}  // namespace tba
