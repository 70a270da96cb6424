#include <algorithm>
#include <charconv>
#include <utility>

#include "daemon/engine/advance.h"
#include "shared/duration.h"
#include "shared/expression/functions.h"

namespace tba::engine {
namespace {

/// How many items of loops a transition begins. More are begun by the next one, so that other runs
/// have their turn and no change becomes too large.
constexpr std::size_t kMostItems = 100;

constexpr std::string_view kTimeout = "timeout";

bool is_done(const Step& step, const StepState& state) {
  return is_final(state.row.status) &&
         (state.row.status != StepStatus::failed || step.continue_on_error);
}

}  // namespace

Advance::Progress Advance::work_list(const std::vector<Step>& list, const Scope& scope, Mode mode) {
  if (is_graph(list)) return work_graph(list, scope, mode);
  for (const auto& step : list) {
    auto progress = work_step(step, scope, mode);
    if (progress.is_busy || progress.failure) return progress;
    if (!state_.steps.find(scope.key_of(step))) return {};  // nor do those behind it begin
  }
  return {};
}

/// Every step begins once those that it needs are done. One that fails keeps others from beginning.
Advance::Progress Advance::work_graph(const std::vector<Step>& list, const Scope& scope,
                                      Mode mode) {
  // One that failed before may stand behind those that it keeps from going on.
  for (const auto& step : list) {
    const auto* state = state_.steps.find(scope.key_of(step));
    if (state && progress_of(step, *state).failure) mode = std::max(mode, Mode::wind_down);
  }
  Progress progress;
  while (work_ready_steps(list, scope, mode, progress)) progress.is_busy = false;
  return progress;
}

/// Whether a step came to its end on the way, so that others may be ready now.
bool Advance::work_ready_steps(const std::vector<Step>& list, const Scope& scope, Mode& mode,
                               Progress& progress) {
  bool has_ended = false;
  for (const auto& step : list) {
    const auto* before = state_.steps.find(scope.key_of(step));
    if (!before && (mode > Mode::hold || !is_ready(list, step, scope))) continue;
    const bool was_at_rest = before && before->is_at_rest();
    auto its = work_step(step, scope, mode);
    progress.is_busy |= its.is_busy;
    has_ended |= !its.is_busy && !was_at_rest;
    if (!its.failure || progress.failure) continue;
    progress.failure = std::move(its.failure);
    mode = std::max(mode, Mode::wind_down);
    has_ended = true;  // what was looked at before this one has to wind down
  }
  return has_ended;
}

bool Advance::is_ready(const std::vector<Step>& list, const Step& step, const Scope& scope) const {
  return std::ranges::all_of(step.needs, [&](const std::string& id) {
    const auto needed = std::ranges::find(list, id, &Step::id);
    const auto* state = state_.steps.find(scope.key_of(*needed));
    if (!state) return false;
    // What handles the end of a run goes on whatever fails in it.
    return in_handlers() ? is_final(state->row.status) : is_done(*needed, *state);
  });
}

Advance::Progress Advance::work_step(const Step& step, const Scope& scope, Mode mode) {
  StepState* state = state_.steps.find(scope.key_of(step));
  if (!state) {
    // Where a person has to decide first, it is still to come; else it never does.
    if (mode != Mode::go) return {.is_busy = mode == Mode::hold, .failure = {}};
    state = begin(step, scope);
    if (!state) return {.is_busy = true, .failure = {}};
  }
  if (!is_final(state->row.status)) go_on({step, *state, scope}, mode);
  return progress_of(step, *state);
}

Advance::Progress Advance::progress_of(const Step& step, const StepState& state) const {
  if (!is_final(state.row.status)) return {.is_busy = true, .failure = {}};
  // What handles the end of a run goes on whatever fails in it.
  const bool counts = !step.continue_on_error && !in_handlers();
  if (state.row.status == StepStatus::failed && counts)
    return {.is_busy = false, .failure = state.row.failure};
  return {};
}

// --- steps that hold others
// -----------------------------------------------------------------------------------------------

/// What is done about the steps that it holds, once it has failed or its time is over.
Advance::Mode Advance::mode_inside(Underway at, Mode mode) {
  const auto& row = at.state.row;
  if (row.due_at && *row.due_at <= around_.now && !row.failure) {
    at.state.row.failure = {std::string(kTimeout),
                            "took longer than " + format_duration(*at.step.timeout), row.key};
    state_.steps.touch(at.state);
  }
  if (row.due_at && !row.failure) wake_at(*row.due_at);
  if (!row.failure) return mode;
  return row.failure->kind == kTimeout && row.failure->step == row.key
             ? Mode::stop
             : std::max(mode, Mode::wind_down);
}

/// The first failure of what it holds is its own.
void Advance::note_failure(Underway at, const Progress& progress) {
  if (!progress.failure || at.state.row.failure) return;
  at.state.row.failure = progress.failure;
  state_.steps.touch(at.state);
}

/// Ends the step if what it holds has ended.
void Advance::close(Underway at, Mode mode, bool is_busy, Value result) {
  if (is_busy) return;
  if (at.state.row.failure) return fail(at.state, *at.state.row.failure);
  if (mode == Mode::go) return succeed(at, std::move(result));
  if (mode != Mode::hold) set(at.state, StepStatus::cancelled);
}

/// The body of the last step; null where it was not done.
Value Advance::result_of(const std::vector<Step>& list, const Scope& scope) const {
  const auto* last = list.empty() ? nullptr : state_.steps.find(scope.key_of(list.back()));
  const Value* body = last ? last->result.find("body") : nullptr;
  return body ? *body : Value();
}

/// Begins a step that holds others.
void Advance::open(Underway at, Value memo) {
  at.state.memo = std::move(memo);
  if (at.step.timeout) at.state.row.due_at = around_.now + *at.step.timeout;
  set(at.state, StepStatus::running);
}

void Advance::begin(const ParallelStep&, Underway at) {
  open(at, Value());
}

void Advance::go_on(const ParallelStep& parallel, Underway at, Mode mode) {
  const bool had_failed = at.state.row.failure.has_value();
  bool is_busy = false;
  const auto work_branches = [&](Mode inside) {
    is_busy = false;
    for (const auto& branch : parallel.branches) {
      const auto progress = work_list(branch.steps, at.scope, inside);
      is_busy |= progress.is_busy;
      note_failure(at, progress);
      inside = mode_inside(at, inside);
    }
  };
  work_branches(mode_inside(at, mode));
  if (!had_failed && at.state.row.failure) work_branches(mode_inside(at, mode));
  ObjectBuilder results;
  for (const auto& branch : parallel.branches)
    results.put(branch.name, result_of(branch.steps, at.scope));
  close(at, mode, is_busy, Value::object({{"body", std::move(results).build()}}));
}

void Advance::begin(const ChooseStep& choose, Underway at) {
  for (std::size_t i = 0; i < choose.branches.size(); ++i) {
    const auto& when = choose.branches[i].when;
    const auto holds = when ? condition(*when, "when", at.state.row.key, at.scope) : true;
    if (!holds) return fail(at.state, holds.error());
    if (!*holds) continue;
    return open(at, Value::object({{"branch", Value::integer(static_cast<std::int64_t>(i))}}));
  }
  succeed(at, Value::object({{"body", Value()}}));
}

void Advance::go_on(const ChooseStep& choose, Underway at, Mode mode) {
  const auto chosen = static_cast<std::size_t>(at.state.memo.find("branch")->as_integer());
  const auto& steps = choose.branches[chosen].steps;
  const auto progress = work_list(steps, at.scope, mode_inside(at, mode));
  note_failure(at, progress);
  close(at, mode, progress.is_busy, Value::object({{"body", result_of(steps, at.scope)}}));
}

// --- loops
// --------------------------------------------------------------------------------------------------------------

void Advance::begin(const ForEachStep& loop, Underway at) {
  if (loop.pages) return open(at, first_memo(*loop.pages));
  auto items = evaluate(loop.items, at.state.row.key, at.scope);
  if (!items) return fail(at.state, items.error());
  if (!items->is_array()) {
    return fail(
        at.state,
        Error{ErrorCode::invalid,
              loop.items.place() + ": 'for_each' gave " +
                  (items->is_null() ? "null" : expression::described(*items)) + ", not an array",
              items->is_object() ? "to_entries makes an array of an object" : ""});
  }
  open(at, Value::object({{"items", std::move(*items)}}));
}

void Advance::go_on(const ForEachStep& step, Underway at, Mode mode) {
  if (!at.state.loop) restore_loop(step, at);
  auto& loop = *at.state.loop;
  const auto work_active = [&] {
    for (const auto index : std::vector(loop.active.begin(), loop.active.end()))
      work_item(step, at, index, mode);
  };
  const bool had_failed = at.state.row.failure.has_value();
  work_active();
  bool is_fetching = step.pages && work_pages(step, at, mode);
  if (!begin_items(step, at, mode)) return;
  if (step.pages && !is_fetching) is_fetching = work_pages(step, at, mode);
  if (!had_failed && at.state.row.failure) work_active();
  const bool is_busy = is_fetching || !loop.active.empty();
  Value body;
  if (!is_busy) body = step.pages ? count_of(at) : Value::array(std::vector(loop.results));
  close(at, mode, is_busy, Value::object({{"body", std::move(body)}}));
}

/// Begins as many items as there is room for; false where there are others for which there is, but
/// not in this transition.
bool Advance::begin_items(const ForEachStep& step, Underway at, Mode mode) {
  auto& loop = *at.state.loop;
  const auto end =
      step.pages ? static_cast<std::size_t>(at.state.paging->walk.items()) : loop.items.size();
  while (mode_inside(at, mode) == Mode::go && loop.active.size() < step.max_parallel &&
         loop.next < end) {
    if (begun_items_ == kMostItems) {
      wake_at(around_.now);
      return false;
    }
    ++begun_items_;
    if (!work_item(step, at, loop.next, mode)) return false;
  }
  return true;
}

/// Finds out which items have been begun. Those that are done are found so by the next walk.
void Advance::restore_loop(const ForEachStep& step, Underway at) {
  auto& loop = *(at.state.loop = std::make_unique<Loop>());
  const auto prefix = at.state.row.key + "[";
  for (const auto* begun : state_.steps.with_prefix(prefix)) {
    const auto& key = begun->row.key;
    std::size_t index = 0;
    std::from_chars(key.data() + prefix.size(), key.data() + key.size(), index);
    loop.active.insert(index);
    loop.next = std::max(loop.next, index + 1);
  }
  if (step.pages) return restore_pages(*step.pages, at);
  loop.items = *at.state.memo.find("items");
  loop.results.resize(loop.items.size());
}

/// What the keys of the steps of an item begin with.
std::string Advance::item_prefix(Underway at, std::size_t index) {
  return at.state.row.key + "[" + std::to_string(index) + "]/";
}

/// Works on the steps of an item, which may be the next one; false where that cannot begin now.
bool Advance::work_item(const ForEachStep& step, Underway at, std::size_t index, Mode mode) {
  auto& loop = *at.state.loop;
  const Scope scope{&at.scope, &at.step, item_prefix(at, index), loop.item(index), index};
  const auto progress = work_list(step.steps, scope, mode_inside(at, mode));
  if (index == loop.next) {
    if (progress.is_busy && state_.steps.with_prefix(scope.prefix).empty()) return false;
    loop.active.insert(index);
    ++loop.next;
  }
  note_failure(at, progress);
  if (progress.is_busy) return true;
  if (!step.pages) loop.results[index] = result_of(step.steps, scope);
  loop.active.erase(index);
  state_.steps.forget(scope.prefix);
  return true;
}

}  // namespace tba::engine
