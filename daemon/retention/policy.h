#pragma once

#include <cstdint>
#include <vector>

#include "daemon/retention/limits.h"
#include "daemon/storage/maintenance.h"

/// What goes, decided from what is there: without a store, a clock or a side effect.
namespace tba::retention {

/// At most so many are removed, the oldest first.
struct Removal {
  storage::Prunable what;
  std::uint64_t most = UINT64_MAX;
};

/// What the limits of the single workflows ask for, in the order in which it is to be removed.
std::vector<Removal> removals_by_workflow(const Limits& limits, const storage::Usage& usage,
                                          Instant now);

/// What the limits of all runs together ask for, once those of the workflows are kept.
std::vector<Removal> removals_in_all(const Limits& limits, const storage::Usage& usage);

/// What is removed besides runs.
std::vector<Removal> other_removals(const Limits& limits, Instant now);

/// How many bytes of the file that hold nothing are given back: some are kept, since what is to
/// come would take them at once.
std::uint64_t to_give_back(const storage::FileUsage& file);

}  // namespace tba::retention
