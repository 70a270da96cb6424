#include "daemon/engine/engine.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/engine/engine_parts.h"
#include "daemon/engine/signals.h"

namespace tba::engine {

namespace asio = boost::asio;

Engine::Engine(Environment environment)
    : environment_(std::move(environment)),
      tasks_(environment_.executor, environment_.log, "the engine") {}

Engine::~Engine() = default;

// --- from other executors
// ------------------------------------------------------------------------------------------------

template <class T>
asio::awaitable<T> Engine::here(asio::awaitable<T> task) {
  return asio::co_spawn(environment_.executor, std::move(task), asio::use_awaitable);
}

asio::awaitable<Result<>> Engine::start() {
  return here(recover());
}

asio::awaitable<void> Engine::stop(std::chrono::milliseconds grace) {
  return here(stop_here(grace));
}

asio::awaitable<Result<AdmissionOutcome>> Engine::admit(Admission admission) {
  return here(admit_here(std::move(admission)));
}

asio::awaitable<Result<RunStatus>> Engine::cancel(RunId id) {
  return here(cancel_here(id));
}

asio::awaitable<Result<>> Engine::resume(RunId id, std::string step, Decision decision,
                                         std::string by) {
  return here(resume_here(id, std::move(step), decision, std::move(by)));
}

asio::awaitable<Result<RunId>> Engine::retry(RunId id, RetryRequest request) {
  return here(retry_here(id, std::move(request)));
}

asio::awaitable<Result<>> Engine::decide(RunId id, std::string step, Verdict verdict) {
  return here(decide_here(id, std::move(step), std::move(verdict)));
}

asio::awaitable<Result<expression::Context>> Engine::recorded_context(RunId id, std::string step) {
  return here(recorded_context_here(id, std::move(step)));
}

// --- begin and end
// -------------------------------------------------------------------------------------------------------

/// Goes on with what was under way, and with what was signalled. Runs that wait are left where they
/// are until they are due.
asio::awaitable<Result<>> Engine::recover() {
  const auto waiting = co_await environment_.store.waiting_count();
  if (!waiting) co_return with_context(waiting.error(), "cannot count the runs that wait");
  waiting_count_ = *waiting;
  auto queued = co_await recover_places();
  if (!queued) co_return queued.error();
  if (auto done = co_await recover_runs(); !done) co_return done.error();
  co_await recover_turns(std::move(*queued));
  if (auto done = co_await recover_signals(); !done) co_return done.error();
  co_await look_ahead();
  co_return Result<>();
}

asio::awaitable<Result<>> Engine::recover_runs() {
  storage::PageRequest request{kPage, ""};
  std::vector<RunId> unsuspected;
  std::size_t suspects = 0;
  do {
    auto page = co_await environment_.store.runs_to_resume(request);
    if (!page) co_return with_context(page.error(), "cannot take over the unfinished runs");
    for (const auto& row : page->items) {
      // One that has a limit begins when it is its turn.
      if (row.status == RunStatus::queued && !row.concurrency_key.empty()) continue;
      if (row.crashes > 0) {
        trials_.add(row);
        ++suspects;
      } else {
        unsuspected.push_back(row.id);
      }
    }
    request.cursor = page->next;
  } while (!request.cursor.empty());
  storage::Change crash{{storage::CountCrash{}}};
  const auto counted = co_await environment_.store.submit(std::move(crash));
  if (!counted) co_return with_context(counted.error(), "cannot take over the unfinished runs");
  is_crash_counted_ = true;
  if (unsuspected.empty() && suspects == 0) co_return Result<>();
  for (const auto& run : unsuspected) happen(run, Recovered{});
  environment_.log.info("went on with unfinished runs", {{"runs", unsuspected.size() + suspects}});
  if (suspects > 0) {
    environment_.log.warning("runs were under way at more than one crash: resumed a few at a time",
                             {{"runs", suspects}});
    const auto calm = trials_.has_blamed() ? kCalm : unsuspected.empty() ? Duration(0) : kHeadStart;
    if (calm == Duration(0))
      co_await try_next();
    else
      trial_until_ = environment_.clock.now() + calm;
  }
  co_return Result<>();
}

asio::awaitable<Result<>> Engine::recover_signals() {
  storage::PageRequest request{kPage, ""};
  do {
    auto page = co_await environment_.store.signalled_runs(request);
    if (!page) co_return with_context(page.error(), "cannot read what runs were told");
    for (const auto& run : page->items) deliver(run);
    request.cursor = page->next;
  } while (!request.cursor.empty());
  co_return Result<>();
}

asio::awaitable<void> Engine::stop_here(std::chrono::milliseconds grace) {
  stopping_ = true;
  environment_.alarm.clear();
  asio::steady_timer limit(environment_.executor, grace);
  limit.async_wait([this](boost::system::error_code error) {
    if (error) return;
    cut_off_ = true;
    for (const auto& [id, run] : active_) {
      for (const auto& [step, flight] : run->flights) flight->stop();
    }
  });
  co_await tasks_.wait();
  cut_off_ = true;
  limit.cancel();
  if (!is_crash_counted_) co_return;
  storage::Change good_order{{storage::ForgiveCrash{}}};
  if (const auto told = co_await environment_.store.submit(std::move(good_order)); !told) {
    environment_.log.warning("the next start takes this one's end for a crash",
                             {{"why", told.error().message}});
  }
}

// --- runs that are made
// --------------------------------------------------------------------------------------------------

asio::awaitable<Result<AdmissionOutcome>> Engine::admit_here(Admission admission) {
  if (stopping_)
    co_return Error{ErrorCode::unavailable, "the daemon is stopping",
                    "try again when it has started"};

  const daemon::TaskGroup::Hold hold(tasks_);  // what is admitted is begun before stop() completes
  storage::Change change;
  std::optional<EventId> event;
  if (admission.delivery)
    change.writes.emplace_back(storage::AddDelivery{std::move(*admission.delivery)});
  if (admission.slot) change.writes.emplace_back(storage::AddSlot{std::move(*admission.slot)});
  if (admission.event) {
    event = admission.event->id;
    change.writes.emplace_back(storage::AddEvent{std::move(*admission.event)});
  }
  std::ranges::move(admission.beside, std::back_inserter(change.writes));
  auto runs = prepare(std::move(admission.starts), change);
  auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome || !std::holds_alternative<storage::Committed>(*outcome)) drop(runs);
  if (!outcome) co_return with_context(outcome.error(), "cannot store what came in");
  if (auto* duplicate = std::get_if<storage::Duplicate>(&*outcome)) {
    co_return AlreadyAdmitted{duplicate->delivery, std::move(duplicate->runs)};
  }
  if (!std::holds_alternative<storage::Committed>(*outcome)) co_return SlotTaken{};
  if (event) tasks_.spawn(tell_of_event(*event));
  co_return Admitted{begin(std::move(runs))};
}

/// Makes the runs, and what is to be stored of them. They are in memory from now on: others may
/// read them, and have something happen to them, before this hears of the commit, and then wait
/// their turn.
std::vector<Engine::ActivePointer> Engine::prepare(std::vector<Start> starts,
                                                   storage::Change& change) {
  std::vector<ActivePointer> runs;
  runs.reserve(starts.size());
  for (auto& start : starts) {
    std::vector<RunId> cancelled;
    auto transition =
        first_transition(new_run(std::move(start), environment_.clock.now()), cancelled);
    for (const auto& id : cancelled) {
      transition.state.writes.emplace_back(
          storage::AddSignal{signal_of(id, signals::kCancel, "", Value())});
      transition.signalled.push_back(id);
    }
    auto run_change = take_changes(transition.state);
    std::ranges::move(run_change.writes, std::back_inserter(change.writes));
    auto run = std::make_shared<Active>(transition.state.row.id);
    run->driven = true;
    run->has_place = !transition.state.row.concurrency_key.empty();
    run->state = std::move(transition.state);
    if (transition.is_held_back) held_back_.insert(run->id);
    follow(*run, transition, change);
    active_.emplace(run->id, run);
    runs.push_back(std::move(run));
  }
  return runs;
}

/// Keeps what is to be done once the change with the run's transition is on disk, and adds to it
/// what the run's end brings about.
void Engine::follow(Active& run, Transition& transition, storage::Change& change) {
  run.commands = std::move(transition.commands);
  run.signalled = std::move(transition.signalled);
  const auto& row = run.state->row;
  const bool has_ended = is_final(row.status) || row.status == RunStatus::interrupted;
  run.starts = prepare(std::move(transition.starts), change);
  if (has_ended && row.status != run.ended) run.event = add_consequences(row, change, run.starts);
  run.ended = has_ended ? std::optional(row.status) : std::nullopt;
}

/// Adds what the end of a run, or its interruption, brings about: the runs that it starts, and the
/// event that tells of it.
std::optional<EventId> Engine::add_consequences(const storage::Run& ended, storage::Change& change,
                                                std::vector<ActivePointer>& starts) {
  if (!end_listener_ || ended.status == RunStatus::skipped) return std::nullopt;
  auto consequences = end_listener_->after(ended);
  std::optional<EventId> event;
  if (consequences.event) {
    event = consequences.event->id;
    change.writes.emplace_back(storage::AddEvent{std::move(*consequences.event)});
  }
  std::ranges::move(prepare(std::move(consequences.starts), change), std::back_inserter(starts));
  return event;
}

/// Lets runs go on that are on disk now.
std::vector<RunId> Engine::begin(std::vector<ActivePointer> runs) {
  std::vector<RunId> ids;
  for (const auto& run : runs) {
    ids.push_back(run->id);
    stored(run);
    run->driven = false;
    if (run->events.empty() && !run->has_signals) {
      settle(run);
    } else {
      drive_soon(run);
    }
  }
  return ids;
}

/// Forgets runs that could not be stored.
void Engine::drop(const std::vector<ActivePointer>& runs) {
  for (const auto& run : runs) {
    drop(run->starts);
    held_back_.erase(run->id);
    if (run->has_place) {
      const auto& row = run->state->row;
      const auto& rule = *run->state->definition->workflow->concurrency;
      give_places(places_.leave({row.workflow, row.concurrency_key},
                                static_cast<std::size_t>(rule.limit), run->id));
    }
    forget(run);
  }
  count();
}

/// Tells the runs for which the event left a signal.
asio::awaitable<void> Engine::tell_of_event(EventId event) {
  storage::PageRequest request{kPage, ""};
  do {
    auto page = co_await environment_.store.signals_of(event, request);
    if (!page) {
      environment_.log.warning("runs hear of an event at the next start only",
                               {{"event", event}, {"why", page.error().message}});
      co_return;
    }
    for (const auto& run : page->items) deliver(run);
    request.cursor = page->next;
  } while (!request.cursor.empty());
}

}  // namespace tba::engine
