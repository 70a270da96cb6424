#pragma once

#include <filesystem>
#include <functional>

#include "daemon/storage/maintenance.h"
#include "daemon/storage/sqlite.h"

namespace tba::storage {

/// Copies the database, as it is at the beginning, into a new file of mode 0600, while others write
/// on. The file is there under its name only when it is whole and on disk. `database` is to be used
/// by nobody else meanwhile. Errors: `conflict` where there is a file of that name, `not_found`
/// without its folder, `invalid` for a path that is not absolute, `unavailable` where it cannot be
/// written, or once `stopping()`.
Result<Backup> back_up(Database& database, const std::filesystem::path& target,
                       const std::function<bool()>& stopping);

}  // namespace tba::storage
