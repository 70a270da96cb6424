#pragma once

#include "daemon/storage/sqlite.h"
#include "daemon/storage/store.h"

namespace tba::storage {

/// A change with its big texts packed for storage.
struct PackedChange {
  std::vector<Write> writes;
};

/// Packs on the calling thread: so that it costs the writer nothing.
PackedChange pack(Change change);

/// Carries the change out within the current transaction. Where the outcome is not Committed, the
/// writes before the one that was refused stand, and are the caller's to undo. An error of code
/// `limit_exceeded` concerns this change alone; any other, the whole transaction.
Result<Outcome> apply(Database& database, const PackedChange& change);

}  // namespace tba::storage
