#include <algorithm>
#include <utility>

#include "daemon/engine/engine_parts.h"

/// How the engine goes on with runs that may have ended the daemon.
namespace tba::engine {

namespace asio = boost::asio;

/// Goes on with the next few suspects. One that is to be on trial alone waits until nothing else is
/// in flight, and nothing else begins meanwhile.
asio::awaitable<void> Engine::try_next() {
  if (stopping_) co_return;
  auto group = trials_.next();
  is_hushed_ = group.size() == 1;
  if (!is_hushed_) let_go_on();
  if (group.empty()) co_return;
  if (is_hushed_ && !is_silent()) {
    trial_until_ = environment_.clock.now() + time_of(group);
    awaiting_silence_ = std::move(group);
    set_alarm();
    co_return;
  }
  co_await put_on_trial(std::move(group));
}

/// Resumes suspects. That they are on trial is on disk before anything is done about them, so that
/// a crash finds it there.
asio::awaitable<void> Engine::put_on_trial(Trials::Group group) {
  const auto together = group.size() + flights_;
  storage::Change change;
  for (const auto& suspect : group)
    change.writes.emplace_back(storage::PutOnTrial{suspect.run, static_cast<int>(together)});
  const auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome) {
    environment_.log.warning("runs that were cut off more than once are resumed later",
                             {{"runs", group.size()}, {"why", outcome.error().message}});
    trials_.put_back(std::move(group));
    trial_until_ = environment_.clock.now() + kStoreRetry;
    set_alarm();
    co_return;
  }
  trials_.begin(group);
  trial_until_ = environment_.clock.now() + time_of(group);
  for (const auto& suspect : group) {
    const auto run = active(suspect.run);
    run->is_condemned = suspect.solo_crashes > kMostSoloCrashes;
    run->has_signals = true;  // whatever came while it had to wait
    run->events.emplace_front(Recovered{});
    drive_soon(run);
  }
  set_alarm();
}

/// Whatever those on trial do from now on, they are not alone with it any more.
void Engine::end_trial() {
  trial_until_.reset();
  if (awaiting_silence_) return tasks_.spawn(put_on_trial(take(awaiting_silence_)));
  if (trials_.on_trial().empty()) return tasks_.spawn(try_next());
  const auto group = trials_.on_trial();
  for (const auto& run : group) happen(run, TrialOver{});
}

/// The run is not on trial, or no more.
void Engine::leave_trial(RunId run) {
  if (!trials_.pass(run)) return;
  trial_until_.reset();
  tasks_.spawn(try_next());
}

/// Whether no run acts, or is about to.
bool Engine::is_silent() const {
  return flights_ == 0 && std::ranges::none_of(active_, [](const auto& entry) {
           return entry.second->driven || !entry.second->events.empty();
         });
}

/// Something has come to rest.
void Engine::listen_for_silence() {
  if (awaiting_silence_ && is_silent()) tasks_.spawn(put_on_trial(take(awaiting_silence_)));
}

/// What had to wait for a trial goes on.
void Engine::let_go_on() {
  for (const auto& run : std::exchange(held_back_, {})) happen(run, Due{});
}

}  // namespace tba::engine
