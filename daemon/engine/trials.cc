#include "daemon/engine/trials.h"

#include <algorithm>
#include <utility>

namespace tba::engine {

namespace {

/// What a suspect is given that was under way at two crashes; twice as much with each that follows.
constexpr std::chrono::seconds kLeastTime{1};
constexpr int kMostDoublings = 8;

/// Those that were not on trial begin with so many: no crash counts against one of several.
constexpr std::size_t kFirstGroup = 2;

}  // namespace

void Trials::add(const storage::Run& row) {
  const int solo_crashes = row.solo_crashes + (row.trial_size == 1 ? 1 : 0);
  suspects_.push_back({row.id, row.crashes, solo_crashes, row.trial_size > 0});
  ahead_.insert(row.id);
}

bool Trials::has_blamed() const {
  return std::ranges::any_of(suspects_,
                             [](const Suspect& suspect) { return suspect.solo_crashes > 0; });
}

Trials::Group Trials::next() {
  if (!suspects_.empty()) plan();
  if (!on_trial_.empty() || groups_.empty()) return {};
  auto group = std::move(groups_.front());
  groups_.pop_front();
  return group;
}

void Trials::begin(const Group& group) {
  for (const auto& suspect : group) {
    ahead_.erase(suspect.run);
    on_trial_.insert(suspect.run);
  }
}

void Trials::put_back(Group group) {
  groups_.push_front(std::move(group));
}

bool Trials::pass(RunId run) {
  return on_trial_.erase(run) > 0 && on_trial_.empty();
}

std::chrono::seconds time_of(const Trials::Group& group) {
  int crashes = 1;
  for (const auto& suspect : group) crashes = std::max(crashes, suspect.crashes);
  return kLeastTime * (1 << std::min(crashes - 1, kMostDoublings));
}

void Trials::plan() {
  std::ranges::sort(suspects_, {}, &Suspect::run);
  std::vector<Suspect> met;    // on trial by the crash
  std::vector<Suspect> alone;  // now, or before
  std::vector<Suspect> others;
  for (const auto& suspect : std::exchange(suspects_, {})) {
    auto& list = suspect.solo_crashes > 0 ? alone : suspect.was_on_trial ? met : others;
    list.push_back(suspect);
  }
  while (!alone.empty()) plan_group(alone, 1);
  const auto half = (met.size() + 1) / 2;
  while (!met.empty()) plan_group(met, half);
  for (auto size = kFirstGroup; !others.empty(); size *= 2) plan_group(others, size);
}

/// Makes a group of the first of these.
void Trials::plan_group(std::vector<Suspect>& suspects, std::size_t size) {
  const auto end = suspects.begin() + static_cast<std::ptrdiff_t>(std::min(size, suspects.size()));
  groups_.emplace_back(suspects.begin(), end);
  suspects.erase(suspects.begin(), end);
}

}  // namespace tba::engine
