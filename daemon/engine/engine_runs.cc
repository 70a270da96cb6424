#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/engine/engine_parts.h"
#include "daemon/engine/signals.h"

namespace tba::engine {

namespace asio = boost::asio;

Surroundings Engine::surroundings_of(RunId run) const {
  const bool may_act = !stopping_ && (!is_hushed_ || trials_.on_trial().contains(run));
  return {environment_.clock.now(),   environment_.random,
          environment_.ids,           environment_.vars,
          environment_.budget,        environment_.find_notify_target,
          environment_.find_workflow, may_act};
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
  if (trials_.is_ahead_of(id)) return;  // they are read when it is its turn
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
  if (run->is_condemned) {
    const Error why{ErrorCode::internal, "the daemon ends whenever it goes on", ""};
    co_await put_off(run, why);
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
    if (auto heard = co_await hear_of_before(run); !heard) {
      const Error why = heard.error();
      co_await put_off(run, why);
      co_return;
    }
  }
  for (;;) {
    if (run->unstored) {
      const bool is_stored = co_await store_pending(run);
      if (!is_stored) break;
      stored(run);
    }
    if (must_hear(*run)) {
      const bool were_read = co_await take_signals(run);
      if (!were_read) break;
    }
    if (run->events.empty()) break;
    apply_next(*run);
  }
  run->driven = false;
  settle(run);
}

/// Gives a run that goes on after a crash what it was told before.
asio::awaitable<Result<>> Engine::hear_of_before(ActivePointer run) {
  const bool has_begun = run->state->row.status != RunStatus::queued;
  if (run->events.empty() || !has_begun) co_return Result<>();
  if (!std::holds_alternative<Recovered>(run->events.front())) co_return Result<>();
  auto signals = co_await environment_.store.signals(run->id);
  if (!signals) co_return signals.error();
  std::get<Recovered>(run->events.front()).signals = std::move(*signals);
  co_return Result<>();
}

/// Whether it is to read its signals now: before it looks at the clock, so that what came in time
/// is not too late because the daemon died or was busy; and only when all that were read before are
/// taken and gone, so that none is taken twice.
bool Engine::must_hear(const Active& run) {
  if (run.events.empty()) return run.has_signals;
  return run.has_signals && std::holds_alternative<Due>(run.events.front()) &&
         std::ranges::none_of(run.events, [](const Event& event) {
           return std::holds_alternative<Signalled>(event);
         });
}

/// Reads the signals that there are for the run.
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
  if (!signals->empty()) run->events.emplace_front(Signalled{std::move(*signals)});
  co_return true;
}

void Engine::apply_next(Active& run) {
  const Event event = std::move(run.events.front());
  run.events.pop_front();
  for (auto& line : std::exchange(run.lines, {}))
    run.state->writes.emplace_back(storage::AppendLog{std::move(line)});
  auto transition = advance(std::move(*run.state), event, surroundings_of(run.id));
  run.state = std::move(transition.state);
  if (transition.is_held_back) held_back_.insert(run.id);
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

/// Interrupts a run without looking at what it has come to, or cancels it where that was asked for.
asio::awaitable<Result<>> Engine::set_aside(ActivePointer run, std::string why) {
  auto row = co_await environment_.store.run(run->id);
  if (!row) co_return row.error();
  auto told = co_await environment_.store.signals(run->id);
  if (!told) co_return told.error();
  storage::Change change;
  bool is_cancelled = *row && (*row)->cancel_requested;
  for (const auto& signal : *told) {
    is_cancelled |= signal.kind == signals::kCancel;
    change.writes.emplace_back(storage::RemoveSignal{signal.run, signal.id, signal.step});
  }
  if (!*row) {
    const auto removed = co_await environment_.store.submit(std::move(change));
    co_return removed ? Result<>() : removed.error();
  }
  auto& kept = **row;
  std::vector<ActivePointer> starts;
  std::optional<EventId> event;
  if (!is_final(kept.status)) {
    kept.cancel_requested = is_cancelled;
    kept.status = is_cancelled ? RunStatus::cancelled : RunStatus::interrupted;
    if (is_cancelled) kept.finished_at = environment_.clock.now();
    kept.wake_at.reset();
    kept.crashes = kept.solo_crashes = kept.trial_size = 0;
    kept.failure = storage::Failure{"internal", std::move(why), ""};
    co_await interrupt_attempts(kept, change);
    change.writes.emplace_back(storage::UpdateRun{kept});
    if (is_cancelled && kept.parent) {
      change.writes.emplace_back(storage::AddSignal{
          signal_of(*kept.parent, signals::kSubRun, kept.parent_step, sub_run_end(kept))});
    }
    event = add_consequences(kept, change, starts);
  }
  const auto writes = change.writes;
  const auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome || !std::holds_alternative<storage::Committed>(*outcome)) drop(starts);
  if (!outcome) co_return outcome.error();
  environment_.feed.publish(run->id, writes);
  if (is_cancelled) environment_.runner.run_ended(run->id);
  begin(std::move(starts));
  if (event) tasks_.spawn(tell_of_event(*event));
  if (is_cancelled && kept.parent) deliver(*kept.parent);
  co_await give_place_of(kept);
  co_return Result<>();
}

/// Lets a person decide about the steps that were being attempted, as far as it is known which
/// those are.
asio::awaitable<void> Engine::interrupt_attempts(storage::Run& row, storage::Change& change) {
  if (row.status != RunStatus::interrupted) co_return;
  const auto definition = co_await environment_.definitions.get(row.version);
  auto steps = co_await environment_.store.steps(row.id, std::vector<std::string>());
  if (!definition || !steps) co_return;
  for (auto& step : *steps) {
    const Step* written = (*definition)->step(step.key);
    if (step.status != StepStatus::running || !written || !is_attempted(*written)) continue;
    step.status = StepStatus::interrupted;
    step.finished_at = environment_.clock.now();
    if (row.failure->step.empty()) row.failure->step = step.key;
    step.failure = row.failure;
    change.writes.emplace_back(storage::PutStep{std::move(step)});
  }
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
  const Reads all{.trigger = true, .results = {}};
  const Reads reads = extent == Extent::needed ? (*definition)->reads : all;
  co_return co_await read_back(std::move(*definition), std::move(**row), reads);
}

asio::awaitable<Result<RunState>> Engine::read_back(std::shared_ptr<const Definition> definition,
                                                    storage::Run row, Reads reads) {
  auto steps = co_await environment_.store.steps(row.id, reads.results);
  if (!steps) co_return steps.error();
  std::optional<storage::Delivery> delivery;
  if (row.delivery && reads.trigger) {
    auto found = co_await environment_.store.delivery(*row.delivery);
    if (!found) co_return found.error();
    delivery = std::move(*found);
  }
  co_return restore_run(std::move(definition), std::move(row), std::move(*steps), delivery);
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
  listen_for_silence();
}

}  // namespace tba::engine
