#include "daemon/engine/places.h"

#include <algorithm>

namespace tba::engine {

Places::Answer Places::ask(const Key& key, const Concurrency& rule, RunId run) {
  auto& group = groups_[key];
  const bool is_free =
      group.holders.size() < static_cast<std::size_t>(rule.limit) && group.queue.empty();
  if (is_free) {
    group.holders.insert(run);
    return {Turn::now, std::nullopt};
  }
  if (rule.when_busy == Concurrency::WhenBusy::skip) return {Turn::never, std::nullopt};
  group.queue.push_back(run);
  if (rule.when_busy == Concurrency::WhenBusy::queue) return {Turn::later, std::nullopt};
  // The oldest that was not asked already; it may itself be waiting for its turn.
  for (const auto& each : group.holders) {
    if (group.leaving.insert(each).second) return {Turn::later, each};
  }
  return {Turn::later,
          group.queue.front() == run ? std::nullopt : std::optional(group.queue.front())};
}

void Places::hold(const Key& key, RunId run) {
  groups_[key].holders.insert(run);
}

void Places::wait(const Key& key, RunId run) {
  groups_[key].queue.push_back(run);
}

std::vector<RunId> Places::leave(const Key& key, std::size_t limit, RunId run) {
  const auto found = groups_.find(key);
  if (found == groups_.end()) return {};
  auto& group = found->second;
  group.holders.erase(run);
  group.leaving.erase(run);
  std::erase(group.queue, run);
  auto begun = admit(key, limit);
  if (group.holders.empty() && group.queue.empty()) groups_.erase(found);
  return begun;
}

std::vector<RunId> Places::admit(const Key& key, std::size_t limit) {
  std::vector<RunId> begun;
  const auto found = groups_.find(key);
  if (found == groups_.end()) return begun;
  auto& [holders, queue, leaving] = found->second;
  while (!queue.empty() && holders.size() < limit) {
    holders.insert(queue.front());
    begun.push_back(queue.front());
    queue.pop_front();
  }
  return begun;
}

}  // namespace tba::engine
