#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/engine/alarm.h"
#include "daemon/storage/worker.h"
#include "shared/clock.h"
#include "tests/simulation/dice.h"

namespace tba::simulation {

/// The only clock there is. It jumps from one thing that is to happen to the next, so that days
/// take no time.
class SimulatedTime final : public Clock {
 public:
  using Action = std::function<void()>;
  using Ticket = std::pair<Instant, std::uint64_t>;

  explicit SimulatedTime(Instant now) : now_(now) {}

  Instant now() const override { return now_; }

  /// Has the action happen at the instant, at once if that is past; of two at the same instant the
  /// one that was planned first.
  Ticket at(Instant when, Action action);
  Ticket after(Duration delay, Action action) { return at(now_ + delay, std::move(action)); }
  void cancel(Ticket ticket) { plans_.erase(ticket); }

  /// Goes to the next instant at which something is to happen, and lets it happen; false where
  /// there is nothing.
  bool go_on();

 private:
  Instant now_;
  std::uint64_t planned_ = 0;
  std::map<Ticket, Action> plans_;
};

/// What belongs to one daemon, and is cancelled with it.
class Plans {
 public:
  explicit Plans(SimulatedTime& time) : time_(time), alive_(std::make_shared<bool>(true)) {}

  void after(Duration delay, SimulatedTime::Action action) {
    time_.after(delay, [alive = std::weak_ptr(alive_), action = std::move(action)] {
      if (!alive.expired()) action();
    });
  }

 private:
  SimulatedTime& time_;
  std::shared_ptr<bool> alive_;
};

/// Sleeps until the instant, or until it is cancelled; false then.
boost::asio::awaitable<bool> sleep_until(SimulatedTime& time, Instant when);

class SimulatedAlarm final : public engine::Alarm {
 public:
  explicit SimulatedAlarm(SimulatedTime& time) : time_(time) {}
  ~SimulatedAlarm() override { clear(); }

  void set(Instant when, std::function<void()> ring) override;
  void clear() override;

 private:
  SimulatedTime& time_;
  std::optional<SimulatedTime::Ticket> ticket_;
};

/// Does the store's work some time later, as a thread of its own would: meanwhile other things
/// happen.
class SimulatedWorker final : public storage::Worker {
 public:
  /// Both must outlive it.
  SimulatedWorker(SimulatedTime& time, Dice& dice, Duration longest_delay)
      : time_(time), dice_(dice), longest_delay_(longest_delay), plans_(time) {}
  ~SimulatedWorker() override { stop(); }

  std::size_t concurrency() const override { return 1; }
  void post(Task task) override;
  void stop() override;

 private:
  void run_first();

  SimulatedTime& time_;
  Dice& dice_;
  Duration longest_delay_;
  std::deque<Task> tasks_;
  Instant free_at_;  // when it is done with what was posted
  Plans plans_;
};

}  // namespace tba::simulation
