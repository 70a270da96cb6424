#pragma once

#include <span>
#include <string_view>

#include "daemon/storage/sqlite.h"

namespace tba::storage {

/// One step of the schema's history. Once released it never changes.
struct Migration {
  std::string_view name;  ///< "2026-11-23 what it does"; the date keeps them in order.
  std::string_view sql;
};

/// The schema's history, oldest first.
std::span<const Migration> migrations();

/// Carries out the migrations that the database has not seen, each in one transaction, and records
/// them with the time `now`. Errors: `conflict` where the database belongs to another program or to
/// a newer version, else as writing does; a migration that fails leaves nothing.
Result<void> migrate(Database& database, std::span<const Migration> migrations, Instant now);

}  // namespace tba::storage
