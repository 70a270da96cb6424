#include "daemon/engine/engine.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/duration.h"

namespace tba::engine {

namespace asio = boost::asio;

namespace {

/// How long to wait before a change that could not be stored is tried again.
constexpr std::chrono::seconds kStoreRetry{1};

/// How many unfinished runs are claimed at a time.
constexpr std::size_t kClaimPage = 500;

}  // namespace

/// An attempt that is being carried out.
struct Engine::Flight {
  /// Tells the attempt to end; once is enough.
  void stop() {
    if (!std::exchange(stopped, true)) cancel.emit(asio::cancellation_type::terminal);
  }

  std::string step;
  int attempt = 0;
  std::optional<Instant> deadline;
  std::chrono::milliseconds timeout{0};
  bool timed_out = false;
  bool stopped = false;  // it was told to end
  bool abandoned = false;
  asio::cancellation_signal cancel;
};

/// A run in memory: one that is being worked on, or read back to be.
struct Engine::Active {
  explicit Active(RunId id_) : id(id_) {}

  RunId id;
  std::optional<RunState> state;            // nothing until it is read back
  std::deque<Event> events;                 // that have yet to be applied, in order
  bool driven = false;                      // whether a drive() is under way
  std::optional<storage::Change> unstored;  // the outcome of the last event, until it is on disk
  std::vector<Command> commands;            // to be carried out then
  std::map<std::string, std::shared_ptr<Flight>> flights;  // by step
  std::vector<storage::LogLine> lines;                     // of attempts in flight, not stored yet
  bool storing_lines = false;
  std::optional<Instant> armed;  // the deadline that limits_ knows of
};

Engine::Engine(Environment environment)
    : environment_(std::move(environment)),
      tasks_(environment_.executor, environment_.log, "the engine") {}

Engine::~Engine() = default;

// --- from other executors
// ------------------------------------------------------------------------------------------------

asio::awaitable<Result<>> Engine::start() {
  return asio::co_spawn(environment_.executor, recover(), asio::use_awaitable);
}

asio::awaitable<Result<AdmissionOutcome>> Engine::admit(Admission admission) {
  return asio::co_spawn(environment_.executor, admit_here(std::move(admission)),
                        asio::use_awaitable);
}

asio::awaitable<Result<RunStatus>> Engine::cancel(RunId id) {
  return asio::co_spawn(environment_.executor, cancel_here(id), asio::use_awaitable);
}

asio::awaitable<Result<expression::Context>> Engine::recorded_context(RunId id, std::string step) {
  return asio::co_spawn(environment_.executor, recorded_context_here(id, std::move(step)),
                        asio::use_awaitable);
}

asio::awaitable<void> Engine::stop(std::chrono::milliseconds grace) {
  return asio::co_spawn(environment_.executor, stop_here(grace), asio::use_awaitable);
}

// --- begin and end
// -------------------------------------------------------------------------------------------------------

asio::awaitable<Result<>> Engine::recover() {
  storage::PageRequest request{kClaimPage, ""};
  std::size_t resumed = 0;
  do {
    auto page = co_await environment_.store.claim_unfinished(request);
    if (!page) co_return with_context(page.error(), "cannot take over the unfinished runs");
    for (const auto& row : page->items) {
      if (row.status == RunStatus::interrupted) continue;
      if (row.status == RunStatus::waiting) {
        waits_.add(row.wake_at.value_or(environment_.clock.now()), row.id);
        continue;
      }
      ++resumed;
      happen(row.id, Recovered{});
    }
    request.cursor = page->next;
  } while (!request.cursor.empty());
  set_alarm();
  if (resumed > 0) environment_.log.info("went on with unfinished runs", {{"runs", resumed}});
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
}

// --- runs that are made
// --------------------------------------------------------------------------------------------------

asio::awaitable<Result<AdmissionOutcome>> Engine::admit_here(Admission admission) {
  if (stopping_)
    co_return Error{ErrorCode::unavailable, "the daemon is stopping",
                    "try again when it has started"};

  const daemon::TaskGroup::Hold hold(tasks_);  // what is admitted is begun before stop() completes
  storage::Change change;
  if (admission.delivery)
    change.writes.emplace_back(storage::AddDelivery{std::move(*admission.delivery)});
  if (admission.slot) change.writes.emplace_back(storage::AddSlot{std::move(*admission.slot)});
  std::vector<ActivePointer> runs;
  runs.reserve(admission.starts.size());
  for (auto& start : admission.starts) {
    auto transition =
        advance(new_run(std::move(start), environment_.clock.now()), Begin{}, surroundings());
    auto run_change = take_changes(transition.state);
    std::ranges::move(run_change.writes, std::back_inserter(change.writes));
    auto run = std::make_shared<Active>(transition.state.row.id);
    run->state = std::move(transition.state);
    run->commands = std::move(transition.commands);
    runs.push_back(std::move(run));
  }
  // Others may read the runs, and have something happen to them, before this hears of the commit:
  // it waits its turn.
  for (const auto& run : runs) {
    run->driven = true;
    active_.emplace(run->id, run);
  }

  auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome || !std::holds_alternative<storage::Committed>(*outcome)) {
    for (const auto& run : runs) forget(run);
    count();
  }
  if (!outcome) co_return with_context(outcome.error(), "cannot store what came in");
  if (auto* duplicate = std::get_if<storage::Duplicate>(&*outcome)) {
    co_return AlreadyAdmitted{duplicate->delivery, std::move(duplicate->runs)};
  }
  if (!std::holds_alternative<storage::Committed>(*outcome)) co_return SlotTaken{};

  Admitted admitted;
  for (const auto& run : runs) {
    admitted.runs.push_back(run->id);
    carry_out(run, std::exchange(run->commands, {}));
    if (!run->events.empty()) {
      tasks_.spawn(drive(run));
      continue;
    }
    run->driven = false;
    settle(run);
  }
  co_return admitted;
}

asio::awaitable<Result<RunStatus>> Engine::cancel_here(RunId id) {
  const auto row = co_await environment_.store.run(id);
  if (!row) co_return row.error();
  if (!*row) co_return Error{ErrorCode::not_found, "there is no run " + id.text(), ""};
  const auto status = (*row)->status;
  if (is_final(status)) {
    co_return Error{ErrorCode::conflict,
                    "run " + id.text() + " is over: it has " + std::string(name_of(status)), ""};
  }
  happen(id, CancelRequested{});
  co_return status;
}

asio::awaitable<Result<expression::Context>> Engine::recorded_context_here(RunId id,
                                                                           std::string step) {
  const auto state = co_await load(id, Extent::whole);
  if (!state) co_return state.error();
  co_return context_before(*state, step, environment_.vars, environment_.budget);
}

// --- runs that go on
// -----------------------------------------------------------------------------------------------------

Surroundings Engine::surroundings() const {
  return {environment_.clock.now(), environment_.random, environment_.vars, environment_.budget,
          !stopping_};
}

void Engine::happen(RunId id, Event event) {
  auto& run = active_[id];
  if (!run) run = std::make_shared<Active>(id);
  run->events.push_back(std::move(event));
  count();
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
  if (!run->state) {
    auto state = co_await load(run->id, Extent::needed);
    if (!state) {
      const Error why = state.error();
      co_await put_off(run, why);
      co_return;
    }
    run->state = std::move(*state);
  }
  for (;;) {
    if (run->unstored) {
      const bool stored = co_await store_pending(run);
      if (!stored) break;
      carry_out(run, std::exchange(run->commands, {}));
    }
    if (run->events.empty()) break;
    apply_next(*run);
  }
  run->driven = false;
  settle(run);
}

void Engine::apply_next(Active& run) {
  const Event event = std::move(run.events.front());
  run.events.pop_front();
  std::ranges::move(run.lines, std::back_inserter(run.state->log));
  run.lines.clear();
  auto transition = advance(std::move(*run.state), event, surroundings());
  run.state = std::move(transition.state);
  run.unstored = take_changes(*run.state);
  run.commands = std::move(transition.commands);
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
  waits_.add(environment_.clock.now() + kStoreRetry, run->id);
  set_alarm();
}

/// Interrupts a run without looking at its definition, or cancels it where that was asked for.
asio::awaitable<Result<>> Engine::set_aside(ActivePointer run, std::string why) {
  auto row = co_await environment_.store.run(run->id);
  if (!row) co_return row.error();
  if (!*row || is_final((*row)->status)) co_return Result<>();
  auto& kept = **row;
  kept.cancel_requested = std::ranges::any_of(run->events, [](const Event& event) {
    return std::holds_alternative<CancelRequested>(event);
  });
  kept.status = kept.cancel_requested ? RunStatus::cancelled : RunStatus::interrupted;
  if (kept.cancel_requested) kept.finished_at = environment_.clock.now();
  kept.wake_at.reset();
  kept.failure = storage::Failure{"internal", std::move(why), ""};
  storage::Change change;
  change.writes.emplace_back(storage::UpdateRun{std::move(kept)});
  const auto writes = change.writes;
  const auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome) co_return outcome.error();
  environment_.feed.publish(run->id, writes);
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
    waits_.add(environment_.clock.now() + kStoreRetry, run->id);
    set_alarm();
    co_return false;
  }
  if (!std::holds_alternative<storage::Committed>(*outcome)) {
    environment_.log.warning("another daemon has taken over a run", {{"run", run->id}});
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
  run.unstored.reset();
  run.commands.clear();
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
  if (run->flights.empty() && !run->driven && run->events.empty() && !run->unstored &&
      run->lines.empty())
    forget(run);
  count();
}

void Engine::forget(const ActivePointer& run) {
  const auto found = active_.find(run->id);
  if (found != active_.end() && found->second == run) active_.erase(found);
}

// --- attempts
// ------------------------------------------------------------------------------------------------------------

void Engine::carry_out(const ActivePointer& run, std::vector<Command> commands) {
  for (auto& command : commands) {
    if (auto* start = std::get_if<StartAttempt>(&command))
      start_attempt(run, std::move(start->attempt));
    if (const auto* stop = std::get_if<StopAttempt>(&command)) stop_attempt(*run, stop->step);
  }
  const auto& row = run->state->row;
  if (row.status == RunStatus::waiting) waits_.add(*row.wake_at, run->id);
  if (row.status == RunStatus::running && row.deadline && run->armed != row.deadline) {
    run->armed = row.deadline;
    limits_.add(*row.deadline, run->id);
  }
  set_alarm();
}

void Engine::start_attempt(const ActivePointer& run, Attempt attempt) {
  auto flight = std::make_shared<Flight>();
  flight->step = attempt.step;
  flight->attempt = attempt.number;
  if (attempt.timeout) {
    flight->timeout = *attempt.timeout;
    flight->deadline = environment_.clock.now() + *attempt.timeout;
    limits_.add(*flight->deadline, run->id);
  }
  run->flights[attempt.step] = flight;
  tasks_.spawn(fly(run, std::move(flight), std::move(attempt)));
}

void Engine::stop_attempt(Active& run, const std::string& step) {
  const auto found = run.flights.find(step);
  if (found != run.flights.end()) found->second->stop();
}

/// Has one attempt carried out. It is a coroutine of its own inside, so that cancelling it leaves
/// this one to record how it ended.
asio::awaitable<void> Engine::fly(ActivePointer run, std::shared_ptr<Flight> flight,
                                  Attempt attempt) {
  LineSink log = [this, run, step = flight->step](std::string_view stream, std::string_view text) {
    add_line(run, step, stream, text);
  };
  AttemptOutcome outcome;
  try {
    outcome = co_await asio::co_spawn(
        environment_.executor, environment_.runner.perform(std::move(attempt), std::move(log)),
        asio::bind_cancellation_slot(flight->cancel.slot(), asio::use_awaitable));
  } catch (const std::exception& error) {
    environment_.log.error(
        "an attempt met a bug",
        {{"run", run->id}, {"step", flight->step}, {"what", std::string_view(error.what())}});
    outcome.failure = storage::Failure{
        "internal", "the attempt failed inside the daemon; its log says more", flight->step};
    outcome.unknown = true;
  }
  land(run, flight, std::move(outcome));
}

void Engine::land(const ActivePointer& run, const std::shared_ptr<Flight>& flight,
                  AttemptOutcome outcome) {
  run->flights.erase(flight->step);
  if (cut_off_ || flight->abandoned) return forget(run);
  if (flight->timed_out && outcome.failure) {
    outcome.failure->kind = "timeout";
    outcome.failure->message = "took longer than " + format_duration(flight->timeout);
  }
  happen(run->id, AttemptEnded{flight->step, flight->attempt, std::move(outcome)});
}

/// Lines are stored in the background, as many at a time as have come; the rest rides with the
/// attempt's end.
void Engine::add_line(const ActivePointer& run, const std::string& step, std::string_view stream,
                      std::string_view text) {
  storage::LogLine line;
  line.run = run->id;
  line.at = environment_.clock.now();
  line.step = step;
  line.stream = stream;
  line.text = text;
  run->lines.push_back(std::move(line));
  if (run->storing_lines) return;
  run->storing_lines = true;
  tasks_.spawn(store_lines(run));
}

asio::awaitable<void> Engine::store_lines(ActivePointer run) {
  while (!run->lines.empty()) {
    storage::Change change;
    for (auto& line : std::exchange(run->lines, {}))
      change.writes.emplace_back(storage::AppendLog{std::move(line)});
    const auto writes =
        environment_.feed.is_watched(run->id) ? change.writes : std::vector<storage::Write>{};
    const auto outcome = co_await environment_.store.submit(std::move(change));
    if (!outcome) {
      environment_.log.warning("lines of a run's log were lost",
                               {{"run", run->id}, {"why", outcome.error().message}});
    } else if (!writes.empty()) {
      environment_.feed.publish(run->id, writes);
    }
  }
  run->storing_lines = false;
  if (run->state) settle(run);
}

// --- time
// ----------------------------------------------------------------------------------------------------------------

/// Has the alarm ring at the soonest instant that any run waits for.
void Engine::set_alarm() {
  count();
  auto next = waits_.next();
  if (const auto limit = limits_.next(); limit && (!next || *limit < *next)) next = limit;
  if (!next || stopping_ || next == alarm_at_) return;
  alarm_at_ = next;
  environment_.alarm.set(*next, [this] { ring(); });
}

void Engine::ring() {
  alarm_at_.reset();
  const auto now = environment_.clock.now();
  while (const auto due = limits_.take_due(now)) enforce_limits(*due, now);
  while (const auto due = waits_.take_due(now)) wake(*due);
  set_alarm();
}

/// Lets a run look at the clock, or try again to store what it could not.
void Engine::wake(RunId id) {
  const auto found = active_.find(id);
  if (found == active_.end()) return happen(id, Due{});
  const auto run = found->second;
  const bool has_looked_since =
      !run->events.empty() && std::holds_alternative<Due>(run->events.back());
  if (!run->unstored && !has_looked_since) return happen(id, Due{});
  if (run->driven) return;
  run->driven = true;
  tasks_.spawn(drive(run));
}

/// Ends attempts that took too long, and lets a run see that its own time is over.
void Engine::enforce_limits(RunId id, Instant now) {
  const auto found = active_.find(id);
  if (found == active_.end()) return;
  const auto run = found->second;
  for (const auto& [step, flight] : run->flights) {
    if (!flight->deadline || *flight->deadline > now || flight->timed_out) continue;
    flight->timed_out = true;
    flight->stop();
  }
  if (run->state && run->state->row.deadline && *run->state->row.deadline <= now) happen(id, Due{});
}

void Engine::count() {
  active_count_ = active_.size();
  waiting_count_ = waits_.size();
}

}  // namespace tba::engine
