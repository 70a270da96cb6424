#include <algorithm>

#include "daemon/engine/engine_parts.h"

namespace tba::engine {

namespace asio = boost::asio;

namespace {

/// How far ahead the store is asked for runs that come due.
constexpr std::chrono::minutes kOutlook{10};

/// How many of these are taken at a time.
constexpr std::size_t kMostParked = 10'000;

/// The greatest id there can be.
RunId last_id() {
  RunId id;
  id.bytes.fill(0xFF);
  return id;
}

}  // namespace

/// Has the run woken then.
void Engine::wait_until(Instant instant, RunId id) {
  waits_.add(instant, id);
  set_alarm();
}

/// Sees to it that the run is woken at the instant that its row names. That of a parked run which
/// lies far ahead is left to the store, where it is found in time.
void Engine::arm(Active& run) {
  const auto& row = run.state->row;
  if (row.wake_at && row.wake_at != run.armed) {
    const bool is_found =
        row.status == RunStatus::waiting && storage::Parked{*row.wake_at, run.id} > known_until_;
    if (is_found) {
      run.armed.reset();
      return;
    }
    waits_.add(*row.wake_at, run.id);
  }
  run.armed = row.wake_at;
}

/// Learns which runs are due next. Those that are parked meanwhile it may be told of twice, which
/// does no harm.
asio::awaitable<void> Engine::look_ahead() {
  is_behind_ = active_.size() > kMany;
  if (is_looking_ahead_ || is_behind_) {
    set_alarm();
    co_return;
  }
  is_looking_ahead_ = true;
  const auto from = known_until_;
  const auto until = environment_.clock.now() + kOutlook;
  known_until_ = {until, last_id()};
  const auto parked = co_await environment_.store.parked(from, until, kMostParked);
  is_looking_ahead_ = false;
  if (!parked) {
    environment_.log.warning("the runs that are due next could not be read; trying again",
                             {{"why", parked.error().message}});
    known_until_ = from;
    look_again_at_ = environment_.clock.now() + kStoreRetry;
    set_alarm();
    co_return;
  }
  for (const auto& [wake_at, run] : *parked) waits_.add(wake_at, run);
  if (parked->size() == kMostParked) known_until_ = parked->back();
  set_alarm();
}

/// Has the alarm ring at the soonest instant that any run waits for.
void Engine::set_alarm() {
  count();
  if (stopping_) return;
  const bool looks_later = is_looking_ahead_ || is_behind_;
  auto next = looks_later ? Instant::max() : std::max(known_until_.wake_at, look_again_at_);
  for (const auto* timers : {&waits_, &limits_})
    next = std::min(next, timers->next().value_or(next));
  next = std::min(next, trial_until_.value_or(next));
  if (next == alarm_at_) return;
  alarm_at_ = next;
  environment_.alarm.set(next, [this] { ring(); });
}

void Engine::ring() {
  alarm_at_.reset();
  const auto now = environment_.clock.now();
  if (trial_until_ && *trial_until_ <= now) end_trial();
  while (const auto due = limits_.take_due(now)) enforce_limits(*due, now);
  while (const auto due = waits_.take_due(now)) wake(*due);
  if (std::max(known_until_.wake_at, look_again_at_) <= now) {
    tasks_.spawn(look_ahead());
  } else {
    set_alarm();
  }
}

/// Lets a run look at the clock, or try again to store what it could not.
void Engine::wake(RunId id) {
  const auto found = active_.find(id);
  if (found == active_.end()) return happen(id, Due{});
  const auto run = found->second;
  run->armed.reset();
  const bool has_looked_since =
      !run->events.empty() && std::holds_alternative<Due>(run->events.back());
  if (!run->unstored && !has_looked_since) return happen(id, Due{});
  if (run->driven) return;
  run->driven = true;
  tasks_.spawn(drive(run));
}

/// Ends attempts that took too long.
void Engine::enforce_limits(RunId id, Instant now) {
  const auto found = active_.find(id);
  if (found == active_.end()) return;
  const auto run = found->second;
  for (const auto& [step, flight] : run->flights) {
    if (!flight->deadline || *flight->deadline > now || flight->timed_out) continue;
    flight->timed_out = true;
    flight->stop();
  }
}

void Engine::count() {
  active_count_ = active_.size() + trials_.ahead();
}

}  // namespace tba::engine
