#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>

#include "daemon/engine/engine.h"
#include "daemon/triggers/events.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/time.h"

namespace tba::simulation {

/// A daemon that takes requests.
struct Daemon {
  boost::asio::any_io_executor executor;
  engine::Engine& engine;
  triggers::Events& events;
  Observer& observer;
  engine::FindWorkflow find_workflow;
  std::function<bool()> is_dead;
};

/// The way to the daemon that there is, for all who want something of it. A request is answered
/// once, or lost together with its daemon.
class Requests {
 public:
  void connect(Daemon daemon) { daemon_.emplace(std::move(daemon)); }

  /// The daemon is gone; requests under way are never answered.
  void disconnect() {
    daemon_.reset();
    for (const auto& [number, if_lost] : std::exchange(under_way_, {})) if_lost();
  }

  /// The daemon, if there is one.
  Daemon* daemon() { return daemon_ ? &*daemon_ : nullptr; }

  /// Has the daemon carry out the request. The handler gets the answer, unless the daemon dies
  /// first. Requires: there is a daemon.
  template <class T, class Handler>
  void ask(boost::asio::awaitable<Result<T>> request, SimulatedTime::Action if_lost,
           Handler handler) {
    const auto number = ++asked_;
    under_way_.emplace(number, std::move(if_lost));
    boost::asio::co_spawn(
        daemon_->executor, std::move(request),
        [this, number, handler](const std::exception_ptr& exception, Result<T> answer) {
          if (!daemon_ || daemon_->is_dead() || under_way_.erase(number) == 0) return;
          if (exception) std::rethrow_exception(exception);
          handler(std::move(answer));
        });
  }

 private:
  std::optional<Daemon> daemon_;
  std::map<std::uint64_t, SimulatedTime::Action> under_way_;  // what to do if it is lost
  std::uint64_t asked_ = 0;
};

}  // namespace tba::simulation
