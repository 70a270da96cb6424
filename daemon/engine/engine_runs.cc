#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/engine/engine_parts.h"
#include "daemon/engine/signals.h"

namespace tba::engine {

namespace asio = boost::asio;

Surroundings Engine::surroundings() const {
  return {environment_.clock.now(),   environment_.random, environment_.ids,
          environment_.vars,          environment_.budget, environment_.find_notify_target,
          environment_.find_workflow, !stopping_};
}

Engine::ActivePointer Engine::active(RunId id) {
  auto& run = active_[id];
  if (!run) run = std::make_shared<Active>(id);
  count();
  return run;
}

void Engine::happen(RunId id, Event event) {
  const auto run = active(id);
  run->events.push_back(std::move(event));
  drive_soon(run);
}

/// The store has signals for the run.
void Engine::deliver(RunId id) {
  const auto run = active(id);
  run->has_signals = true;
  drive_soon(run);
}

void Engine::drive_soon(const ActivePointer& run) {
  if (run->driven) return;
  run->driven = true;
  tasks_.spawn(drive(run));
}

/// Applies the run's events one after the other, each stored before the next.
asio::awaitable<void> Engine::drive(ActivePointer run) {
  try {
    co_await drive_on(run);
  } catch (...) {
    // A bug. The run is left as it is stored, for the next start, rather than in an unknown state.
    abandon(*run);
    forget(run);
    throw;
  }
}

asio::awaitable<void> Engine::drive_on(ActivePointer run) {
  if (trials_.is_ahead_of(run->id)) {
    run->driven = false;  // until it is its turn
    co_return;
  }
  if (!run->state) {
    auto state = co_await load(run->id, Extent::needed);
    if (!state) {
      const Error why = state.error();
      co_await put_off(run, why);
      co_return;
    }
    run->state = std::move(*state);
    const auto status = run->state->row.status;
    run->is_counted = status == RunStatus::waiting;
    run->has_place = !run->state->row.concurrency_key.empty() && !is_final(status) &&
                     status != RunStatus::interrupted;
    if (is_final(status) || status == RunStatus::interrupted) run->ended = status;
  }
  for (;;) {
    if (run->unstored) {
      const bool is_stored = co_await store_pending(run);
      if (!is_stored) break;
      stored(run);
    }
    if (run->events.empty() && run->has_signals) {
      const bool were_read = co_await take_signals(run);
      if (!were_read) break;
    }
    if (run->events.empty()) break;
    apply_next(*run);
  }
  run->driven = false;
  settle(run);
}

/// Reads the signals that there are for the run. Only when all that were read before are taken and
/// gone, so that none is taken twice.
asio::awaitable<bool> Engine::take_signals(ActivePointer run) {
  run->has_signals = false;
  auto signals = co_await environment_.store.signals(run->id);
  if (!signals) {
    environment_.log.warning("a run's signals could not be read; trying again",
                             {{"run", run->id}, {"why", signals.error().message}});
    run->has_signals = true;
    wait_until(environment_.clock.now() + kStoreRetry, run->id);
    co_return false;
  }
  for (auto& signal : *signals) run->events.emplace_back(Signalled{std::move(signal)});
  co_return true;
}

void Engine::apply_next(Active& run) {
  const Event event = std::move(run.events.front());
  run.events.pop_front();
  for (auto& line : std::exchange(run.lines, {}))
    run.state->writes.emplace_back(storage::AppendLog{std::move(line)});
  auto transition = advance(std::move(*run.state), event, surroundings());
  run.state = std::move(transition.state);
  run.unstored = take_changes(*run.state);
  follow(run, transition, *run.unstored);
}

/// The outcome of the run's last event is on disk: what follows from it may be done.
void Engine::stored(const ActivePointer& run) {
  carry_out(run, std::exchange(run->commands, {}));
  begin(std::exchange(run->starts, {}));
  for (const auto& id : std::exchange(run->signalled, {})) deliver(id);
  if (const auto event = std::exchange(run->event, {})) tasks_.spawn(tell_of_event(*event));
  update_place(run);
  const bool is_over = is_final(run->state->row.status);
  if (run->state->row.trial_size == 0 || is_over) leave_trial(run->id);
  if (is_over) environment_.runner.run_ended(run->id);
  const bool waits = run->state->row.status == RunStatus::waiting;
  if (waits != run->is_counted) waiting_count_ += waits ? 1 : -1;
  run->is_counted = waits;
}

/// After a run could not be read back: tries again later what may work then; interrupts what a
/// later attempt would not understand any better, so that people see it.
asio::awaitable<void> Engine::put_off(ActivePointer run, Error why) {
  if (why.code != ErrorCode::unavailable) {
    environment_.log.error("a run cannot go on",
                           {{"run", run->id}, {"why", why.message}, {"hint", why.hint}});
    const auto stored = co_await set_aside(run, why.message);
    if (stored || stored.error().code != ErrorCode::unavailable) {
      forget(run);
      count();
      co_return;
    }
    why = stored.error();
  }
  environment_.log.warning("a run could not be read; trying again",
                           {{"run", run->id}, {"why", why.message}});
  run->driven = false;
  wait_until(environment_.clock.now() + kStoreRetry, run->id);
}

/// Interrupts a run without looking at its definition, or cancels it where that was asked for.
asio::awaitable<Result<>> Engine::set_aside(ActivePointer run, std::string why) {
  auto row = co_await environment_.store.run(run->id);
  if (!row) co_return row.error();
  if (!*row) co_return Result<>();
  auto told = co_await environment_.store.signals(run->id);
  if (!told) co_return told.error();
  storage::Change change;
  bool is_cancelled = (*row)->cancel_requested;
  for (const auto& signal : *told) {
    is_cancelled |= signal.kind == signals::kCancel;
    change.writes.emplace_back(storage::RemoveSignal{signal.run, signal.id, signal.step});
  }
  if (auto& kept = **row; !is_final(kept.status)) {
    kept.cancel_requested = is_cancelled;
    kept.status = is_cancelled ? RunStatus::cancelled : RunStatus::interrupted;
    if (is_cancelled) kept.finished_at = environment_.clock.now();
    kept.wake_at.reset();
    kept.failure = storage::Failure{"internal", std::move(why), ""};
    change.writes.emplace_back(storage::UpdateRun{std::move(kept)});
  }
  const auto writes = change.writes;
  const auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome) co_return outcome.error();
  environment_.feed.publish(run->id, writes);
  if (is_cancelled) environment_.runner.run_ended(run->id);
  co_return Result<>();
}

/// Stores the outcome of the last event; false where that is not possible now, or not ours to do
/// any more.
asio::awaitable<bool> Engine::store_pending(ActivePointer run) {
  if (run->unstored->writes.empty()) {
    run->unstored.reset();
    co_return true;
  }
  const auto outcome = co_await environment_.store.submit(*run->unstored);
  if (!outcome) {
    environment_.log.warning("a run's progress could not be stored; trying again",
                             {{"run", run->id}, {"why", outcome.error().message}});
    wait_until(environment_.clock.now() + kStoreRetry, run->id);
    co_return false;
  }
  if (!std::holds_alternative<storage::Committed>(*outcome)) {
    environment_.log.warning("another daemon has taken over a run", {{"run", run->id}});
    drop(std::exchange(run->starts, {}));
    abandon(*run);
    co_return false;
  }
  if (environment_.feed.is_watched(run->id))
    environment_.feed.publish(run->id, run->unstored->writes);
  run->unstored.reset();
  co_return true;
}

/// Leaves a run to its new owner: nothing that still happens to it here counts.
void Engine::abandon(Active& run) {
  run.state.reset();
  run.unstored.reset();
  run.commands.clear();
  run.signalled.clear();
  run.event.reset();
  run.has_signals = false;
  run.events.clear();
  run.lines.clear();
  for (const auto& [step, flight] : run.flights) {
    flight->abandoned = true;
    flight->stop();
  }
}

/// Reads a run back: all of it, or as much as its own expressions can ask for.
asio::awaitable<Result<RunState>> Engine::load(RunId id, Extent extent) {
  auto row = co_await environment_.store.run(id);
  if (!row) co_return row.error();
  if (!*row) co_return Error{ErrorCode::not_found, "there is no run " + id.text(), ""};
  auto definition = co_await environment_.definitions.get((*row)->version);
  if (!definition) co_return definition.error();
  const auto reads =
      extent == Extent::needed ? (*definition)->reads : Reads{.trigger = true, .results = {}};
  auto steps = co_await environment_.store.steps(id, reads.results);
  if (!steps) co_return steps.error();
  std::optional<storage::Delivery> delivery;
  if ((*row)->delivery && reads.trigger) {
    auto found = co_await environment_.store.delivery(*(*row)->delivery);
    if (!found) co_return found.error();
    delivery = std::move(*found);
  }
  co_return restore_run(std::move(*definition), std::move(**row), std::move(*steps), delivery);
}

/// After a run came to rest: sees to it that it is not kept in memory for nothing.
void Engine::settle(const ActivePointer& run) {
  const bool is_busy = !run->flights.empty() || run->driven || !run->events.empty() ||
                       run->unstored || run->has_signals || !run->lines.empty();
  if (!is_busy && !(run->state && is_due_soon(*run->state))) forget(run);
  count();
}

/// Whether it is not worth to read the run back for the little time that it waits.
bool Engine::is_due_soon(const RunState& state) const {
  return state.row.status == RunStatus::waiting && state.row.wake_at &&
         *state.row.wake_at <= environment_.clock.now() + kSoon;
}

void Engine::forget(const ActivePointer& run) {
  const auto found = active_.find(run->id);
  if (found != active_.end() && found->second == run) active_.erase(found);
  leave_trial(run->id);
  if (is_behind_ && active_.size() < kFew) tasks_.spawn(look_ahead());
}

}  // namespace tba::engine
