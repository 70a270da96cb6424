#include "daemon/retention/policy.h"

#include <algorithm>

namespace tba::retention {
namespace {

constexpr std::uint64_t kKeptFree = 16 << 20;  // at least, and an eighth of what is used

std::uint64_t excess(std::uint64_t amount, std::uint64_t limit) {
  return amount > limit ? amount - limit : 0;
}

/// How many of `runs` runs that take `bytes` together must go to come down to the limits.
std::uint64_t runs_beyond(std::uint64_t runs, std::uint64_t most_runs, std::uint64_t bytes,
                          std::uint64_t most_bytes) {
  const auto by_count = excess(runs, most_runs);
  const auto too_many_bytes = excess(bytes, most_bytes);
  if (too_many_bytes == 0 || runs == 0) return by_count;
  const auto bytes_of_one = std::max<std::uint64_t>(bytes / runs, 1);
  return std::max(by_count, (too_many_bytes + bytes_of_one - 1) / bytes_of_one);
}

}  // namespace

std::vector<Removal> removals_by_workflow(const Limits& limits, const storage::Usage& usage,
                                          Instant now) {
  std::vector<Removal> removals;
  for (const auto& workflow : usage.workflows) {
    const auto& keep = limits.of(workflow.workflow);
    const auto ended = workflow.runs - workflow.unfinished;
    // The unfinished ones take their share of the bytes, and cannot go.
    const auto bytes_of_ended = static_cast<std::uint64_t>(
        static_cast<double>(workflow.bytes) * static_cast<double>(ended) /
        static_cast<double>(std::max<std::uint64_t>(workflow.runs, 1)));
    const auto beyond = runs_beyond(ended, keep.runs, bytes_of_ended, keep.bytes);
    if (beyond > 0)
      removals.push_back({storage::EndedRuns{workflow.workflow, std::nullopt}, beyond});
    removals.push_back({storage::EndedRuns{workflow.workflow, now - keep.age}});
  }
  return removals;
}

std::vector<Removal> removals_in_all(const Limits& limits, const storage::Usage& usage) {
  std::uint64_t runs = 0;
  std::uint64_t ended = 0;
  for (const auto& workflow : usage.workflows) {
    runs += workflow.runs;
    ended += workflow.runs - workflow.unfinished;
  }
  const auto used = excess(usage.file.bytes, usage.file.free);
  const auto beyond = std::max(excess(ended, limits.total_runs),
                               runs_beyond(runs, UINT64_MAX, used, limits.total_bytes));
  if (beyond == 0 || ended == 0) return {};
  return {{storage::EndedRuns{}, std::min(beyond, ended)}};
}

std::vector<Removal> other_removals(const Limits& limits, Instant now) {
  return {{storage::OldDeliveryIds{now - limits.delivery_ids}},
          {storage::OldEvents{now - limits.events}},
          {storage::ExpiredCache{now}},
          {storage::OldPollItems{now - limits.poll_items}}};
}

std::uint64_t to_give_back(const storage::FileUsage& file) {
  const auto used = excess(file.bytes, file.free);
  return excess(file.free, std::max(kKeptFree, used / 8));
}

}  // namespace tba::retention
