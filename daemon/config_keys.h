#pragma once

#include "shared/key_table.h"

namespace tba::daemon {

/// The keys of config.yaml.
extern const KeyTable kConfigTable;

}  // namespace tba::daemon
