#include "daemon/engine/step_states.h"

#include <algorithm>
#include <utility>

#include "shared/value/json.h"

namespace tba::engine {
namespace {

int position_of(const StepState* step) {
  return step->row.position;
}

}  // namespace

bool StepState::is_at_rest() const {
  return is_final(row.status) || row.status == StepStatus::interrupted;
}

StepState* StepStates::find(std::string_view key) {
  const auto found = by_key_.find(key);
  return found != by_key_.end() ? &found->second : nullptr;
}

const StepState* StepStates::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found != by_key_.end() ? &found->second : nullptr;
}

StepState& StepStates::begin(std::string key) {
  auto& step = by_key_[key];
  step.row.key = std::move(key);
  step.row.position = next_position_++;
  touch(step);
  return step;
}

void StepStates::restore(StepState step) {
  next_position_ = std::max(next_position_, step.row.position + 1);
  auto key = step.row.key;
  by_key_.insert_or_assign(std::move(key), std::move(step));
}

void StepStates::touch(StepState& step) {
  unsaved_.insert(step.row.key);
}

std::vector<const StepState*> StepStates::with_prefix(std::string_view prefix) const {
  std::vector<const StepState*> found;
  for (auto at = by_key_.lower_bound(prefix); at != by_key_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    found.push_back(&at->second);
  }
  return found;
}

void StepStates::forget(std::string_view prefix) {
  forgotten_.emplace_back(prefix);
}

void StepStates::keep_before(int position) {
  std::erase_if(by_key_, [&](const auto& each) { return each.second.row.position >= position; });
}

std::vector<storage::Step> StepStates::take_unsaved() {
  std::vector<StepState*> steps;
  for (const auto& key : unsaved_) steps.push_back(find(key));
  std::ranges::sort(steps, {}, position_of);
  std::vector<storage::Step> rows;
  for (const auto* step : steps) {
    auto& row = rows.emplace_back(step->row);
    if (!step->result.is_null()) row.result_json = to_json(step->result);
    if (!step->memo.is_null()) row.memo_json = to_json(step->memo);
  }
  unsaved_.clear();
  for (const auto& prefix : std::exchange(forgotten_, {})) {
    const auto begin = by_key_.lower_bound(prefix);
    auto end = begin;
    while (end != by_key_.end() && end->first.starts_with(prefix)) ++end;
    by_key_.erase(begin, end);
  }
  return rows;
}

std::vector<const StepState*> StepStates::all() const {
  std::vector<const StepState*> steps;
  for (const auto& [key, step] : by_key_) steps.push_back(&step);
  std::ranges::sort(steps, {}, position_of);
  return steps;
}

}  // namespace tba::engine
