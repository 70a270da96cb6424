#pragma once

#include <array>
#include <string>
#include <vector>

#include "daemon/storage/maintenance.h"
#include "daemon/storage/sqlite.h"

/// Store::prune() in two parts: a reader finds what is to be removed, so that the writer has
/// nothing to look for.
namespace tba::storage {

/// As much of a run as fits into a commit: rows of its log and steps first, itself at last.
struct RunPortion {
  RunId run;
  std::int64_t logs_through = 0;
  std::string steps_through;
  bool whole = false;                  ///< Nothing of it is left after this.
  std::optional<DeliveryId> delivery;  ///< That started it.
};

/// A row by the bytes of its key's columns.
using RowKey = std::array<std::string, 3>;

struct Findings {
  std::vector<RunPortion> runs;           ///< Of EndedRuns: what fits into one commit.
  std::vector<std::vector<RowKey>> rows;  ///< Of the others: as they fit into commits.
  Pruned pruned;                          ///< What will have been removed.
};

/// Looks for what the bite is to remove.
Result<Findings> find_prunable(Database& database, const Bite& bite);

/// Within the current transaction.
Result<void> remove_runs(Database& database, const std::vector<RunPortion>& runs);
Result<void> remove_rows(Database& database, const Prunable& kind, const std::vector<RowKey>& rows);

/// Store::unused_versions()
Result<std::vector<VersionHash>> list_unused_versions(Database& database);

/// Store::give_back(), within the current transaction.
Result<FileUsage> give_back_pages(Database& database, std::uint64_t bytes);

/// Of the database's file and its log.
Result<FileUsage> file_usage(Database& database);

}  // namespace tba::storage
