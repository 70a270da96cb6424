#pragma once

#include "daemon/storage/maintenance.h"
#include "daemon/storage/sqlite.h"

namespace tba::storage {

/// Store::usage(). Runs are counted by their indexes, and only a sample of each workflow's is
/// looked at: a million take a fraction of a second.
Result<Usage> usage_of(Database& database);

}  // namespace tba::storage
