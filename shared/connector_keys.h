#pragma once

#include "shared/key_table.h"

namespace tba {

/// The keys of a connector file.
extern const KeyTable kConnectorTable;

}  // namespace tba
