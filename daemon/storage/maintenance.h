#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/storage/records.h"

/// What the store tells of its size, and what it can be told to forget.
namespace tba::storage {

/// The runs of a workflow, with all that belongs to them.
struct WorkflowUsage {
  std::string workflow;
  std::uint64_t runs = 0;
  std::uint64_t unfinished = 0;  ///< Of these, those that are not final: they cannot be removed.
  std::uint64_t bytes = 0;       ///< About, from a sample: without indexes and gaps.
};

/// A kind of rows.
struct KindUsage {
  std::string kind;         ///< "runs", "steps", "logs", "deliveries", …
  std::uint64_t rows = 0;   ///< Of steps, logs and deliveries: about, from a sample.
  std::uint64_t bytes = 0;  ///< About, from a sample: without indexes and gaps.
};

/// The database's file.
struct FileUsage {
  std::uint64_t bytes = 0;      ///< Of the file.
  std::uint64_t free = 0;       ///< Of these, those that hold nothing and will be filled again.
  std::uint64_t log_bytes = 0;  ///< Of the write-ahead log beside it.
};

struct Usage {
  FileUsage file;
  std::vector<WorkflowUsage> workflows;  ///< By name.
  std::vector<KindUsage> kinds;
};

// --- what can be pruned: only what nothing unfinished needs

/// Runs that are final, the oldest first, with their steps, logs and signals, and the deliveries
/// that no other run was started by. A sub-run stays as long as its parent is not final.
struct EndedRuns {
  std::string workflow;                 ///< Or empty: of all.
  std::optional<Instant> ended_before;  ///< Or none: however long ago.
};
/// Deliveries that started no run.
struct LoneDeliveries {
  Instant received_before;
};
/// Senders' delivery ids: whether a delivery is known is forgotten.
struct OldDeliveryIds {
  Instant received_before;
};
/// Events, but for those that a run has yet to take.
struct OldEvents {
  Instant emitted_before;
};
struct ExpiredCache {
  Instant now;
};
struct OldPollItems {
  Instant seen_before;
};

using Prunable =
    std::variant<EndedRuns, LoneDeliveries, OldDeliveryIds, OldEvents, ExpiredCache, OldPollItems>;

/// So little that writers wait for it no longer than for each other.
struct Bite {
  Prunable what;
  std::uint64_t most = UINT64_MAX;  ///< Runs, or rows of the others, to be removed.
  std::uint64_t bytes = 1 << 18;    ///< About as many go in a commit; one row may be more.
  Uuid after;                       ///< Pruned::last of the bite before, or nil.
};

struct Pruned {
  std::uint64_t removed = 0;  ///< Runs, or rows of the others.
  std::uint64_t bytes = 0;    ///< About.
  bool more = false;          ///< Whether another bite may find something.
  Uuid last;                  ///< All before this run or delivery have been looked at.
};

struct Backup {
  std::uint64_t bytes = 0;  ///< Of the file.
};

}  // namespace tba::storage
