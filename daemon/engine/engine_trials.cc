#include <utility>

#include "daemon/engine/engine_parts.h"

/// How the engine goes on with runs that may have ended the daemon.
namespace tba::engine {

namespace asio = boost::asio;

/// Resumes the next few suspects. That they are on trial is on disk before anything is done about
/// them, so that a crash finds it there.
asio::awaitable<void> Engine::try_next() {
  if (stopping_) co_return;
  const auto group = trials_.next();
  if (group.empty()) co_return;
  storage::Change change;
  for (const auto& suspect : group)
    change.writes.emplace_back(storage::PutOnTrial{suspect.run, static_cast<int>(group.size())});
  const auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome) {
    environment_.log.warning("runs that were cut off more than once are resumed later",
                             {{"runs", group.size()}, {"why", outcome.error().message}});
    trials_.put_back();
    trial_until_ = environment_.clock.now() + kStoreRetry;
    set_alarm();
    co_return;
  }
  trials_.begin();
  trial_until_ = environment_.clock.now() + trials_.time();
  for (const auto& suspect : group) {
    const auto run = active(suspect.run);
    if (suspect.solo_crashes > kMostSoloCrashes) {
      run->driven = true;
      tasks_.spawn(put_off(run, {ErrorCode::internal, "the daemon ends whenever it goes on", ""}));
    } else {
      drive_soon(run);
    }
  }
  set_alarm();
}

/// Whatever those on trial do from now on, they are not alone with it any more.
void Engine::end_trial() {
  trial_until_.reset();
  if (trials_.on_trial().empty()) tasks_.spawn(try_next());
  const auto group = trials_.on_trial();
  for (const auto& run : group) happen(run, TrialOver{});
}

/// The run is not on trial, or no more.
void Engine::leave_trial(RunId run) {
  if (!trials_.pass(run)) return;
  trial_until_.reset();
  tasks_.spawn(try_next());
}

}  // namespace tba::engine
