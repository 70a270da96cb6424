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

/// The only time there is. It jumps from one thing that is to happen to the next, so that days take
/// no time. As a clock it shows what the machine's clock does, which may be wrong.
class SimulatedTime final : public Clock {
 public:
  using Action = std::function<void()>;
  using Ticket = std::pair<Duration, std::uint64_t>;

  /// The clock shows that at first.
  explicit SimulatedTime(Instant begin) : clock_(begin) {}

  Instant now() const override { return clock_ + passed_; }

  /// How much time has really passed.
  Duration passed() const { return passed_; }

  /// Has the action happen when that much has passed, at once if it has; of two at the same time
  /// the one that was planned first.
  Ticket at(Duration when, Action action);
  Ticket after(Duration delay, Action action) { return at(passed_ + delay, std::move(action)); }
  void cancel(Ticket ticket) { plans_.erase(ticket); }

  /// Goes to the next thing that is to happen, and lets it happen; false where there is nothing.
  bool go_on();

  /// Puts the clock forward, or back.
  void set_clock(Duration forward);

  /// The machine sleeps: time passes, and what was to happen meanwhile happens late.
  void sleep(Duration span) { passed_ += span; }

  /// Called whenever the clock is set, until stop_listening().
  std::uint64_t on_clock_set(Action action);
  void stop_listening(std::uint64_t listener) { listeners_.erase(listener); }

 private:
  Instant clock_;  // what it would have shown in the beginning, as it goes now
  Duration passed_{0};
  std::uint64_t planned_ = 0;
  std::map<Ticket, Action> plans_;
  std::map<std::uint64_t, Action> listeners_;
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

/// Waits until so much time has passed, or until it is cancelled; false then.
boost::asio::awaitable<bool> wait_for(SimulatedTime& time, Duration span);

/// Rings as engine::SystemAlarm does: after the clock was set it notices late, and once for nothing
/// where it was put back.
class SimulatedAlarm final : public engine::Alarm {
 public:
  explicit SimulatedAlarm(SimulatedTime& time);
  ~SimulatedAlarm() override;

  void set(Instant when, std::function<void()> ring) override;
  void clear() override;

 private:
  void plan(Duration delay);

  SimulatedTime& time_;
  const std::uint64_t listener_;
  std::function<void()> ring_;
  Instant when_;
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
  Duration free_at_{0};  // when it is done with what was posted
  Plans plans_;
};

}  // namespace tba::simulation
