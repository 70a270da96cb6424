#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/engine/engine_parts.h"
#include "shared/duration.h"
#include "shared/value/json.h"

namespace tba::engine {

namespace asio = boost::asio;

void Engine::carry_out(const ActivePointer& run, std::vector<Command> commands) {
  for (auto& command : commands) {
    if (auto* start = std::get_if<StartAttempt>(&command))
      start_attempt(run, std::move(start->attempt));
    if (const auto* stop = std::get_if<StopAttempt>(&command)) stop_attempt(*run, stop->step);
  }
  arm(*run);
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
  ++flights_;
  tasks_.spawn(fly(run, std::move(flight), std::move(attempt)));
}

void Engine::stop_attempt(Active& run, const std::string& step) {
  const auto found = run.flights.find(step);
  if (found != run.flights.end()) found->second->stop();
}

/// Has one attempt carried out, unless there is an earlier result to be used again.
asio::awaitable<void> Engine::fly(ActivePointer run, std::shared_ptr<Flight> flight,
                                  Attempt attempt) {
  auto outcome = co_await cached(attempt);
  if (!outcome) outcome = co_await perform(run, flight, std::move(attempt));
  land(run, flight, std::move(*outcome));
}

asio::awaitable<std::optional<AttemptOutcome>> Engine::cached(const Attempt& attempt) {
  if (!attempt.cached) co_return std::nullopt;
  const auto& [workflow, step, key] = *attempt.cached;
  const auto entry =
      co_await environment_.store.cached(workflow, step, key, environment_.clock.now());
  if (!entry || !*entry) co_return std::nullopt;
  auto result = parse_json((*entry)->result_json);
  if (!result) co_return std::nullopt;
  AttemptOutcome outcome;
  outcome.result = std::move(*result);
  outcome.is_from_cache = true;
  co_return outcome;
}

/// The attempt is a coroutine of its own, so that cancelling it leaves this one to record how it
/// ended.
asio::awaitable<AttemptOutcome> Engine::perform(ActivePointer run, std::shared_ptr<Flight> flight,
                                                Attempt attempt) {
  LineSink log = [this, run, step = flight->step](std::string_view stream, std::string_view text) {
    add_line(run, step, stream, text);
  };
  try {
    co_return co_await asio::co_spawn(
        environment_.executor, environment_.runner.perform(std::move(attempt), std::move(log)),
        asio::bind_cancellation_slot(flight->cancel.slot(), asio::use_awaitable));
  } catch (const std::exception& error) {
    environment_.log.error(
        "an attempt met a bug",
        {{"run", run->id}, {"step", flight->step}, {"what", std::string_view(error.what())}});
  }
  AttemptOutcome outcome;
  outcome.failure = storage::Failure{
      "internal", "the attempt failed inside the daemon; its log says more", flight->step};
  outcome.unknown = true;
  co_return outcome;
}

void Engine::land(const ActivePointer& run, const std::shared_ptr<Flight>& flight,
                  AttemptOutcome outcome) {
  run->flights.erase(flight->step);
  --flights_;
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

}  // namespace tba::engine
