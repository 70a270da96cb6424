#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "daemon/engine/engine.h"
#include "shared/random.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/time.h"

namespace tba::simulation {

/// Those who want something of the daemon, and remember what it has promised them. A delivery is
/// sent again until it is acknowledged; so is a slot of a schedule. Whoever starts or cancels a run
/// by hand asks once.
class Clients {
 public:
  /// A daemon that takes requests.
  struct Daemon {
    boost::asio::any_io_executor executor;
    engine::Engine& engine;
    Observer& observer;
    std::vector<std::shared_ptr<const engine::Definition>> workflows;
    std::function<bool()> is_dead;
  };

  /// An acknowledged delivery.
  struct Delivered {
    DeliveryId id;
    std::vector<RunId> runs;
    std::int64_t number = 0;
  };
  /// The number of the workflow and of the slot.
  using Slot = std::pair<std::size_t, int>;

  /// All must outlive it.
  Clients(SimulatedTime& time, Journal& journal, const Scenario& scenario);

  void connect(Daemon daemon);
  /// The daemon is gone; requests under way are never answered.
  void disconnect();

  /// What was acknowledged: deliveries by workflow and sender's id (made up where it has none) …
  const std::map<std::string, Delivered>& delivered() const { return delivered_; }
  /// … runs by hand, and by schedule …
  const std::set<RunId>& started() const { return started_; }
  const std::map<Slot, Instant>& slots() const { return slots_; }
  /// … and what was to be cancelled, also where nobody knows whether the daemon has heard of it.
  const std::set<RunId>& cancelled() const { return cancelled_; }
  const std::set<RunId>& asked_to_cancel() const { return asked_to_cancel_; }

  /// What was asked for again and again and never acknowledged.
  std::vector<std::string> unanswered() const;

  /// The name of a workflow of the scenario, and of its schedule.
  static std::string name_of(std::size_t workflow);
  static std::string schedule_of(std::size_t workflow);

 private:
  static std::string key_of(const Wish& wish, std::size_t index);
  void want(const Wish& wish, std::size_t index);
  void start(const Wish& wish);
  void deliver(const Wish& wish, const std::string& key);
  void cancel();
  void fire(Slot slot);
  Duration pause();
  engine::Start new_start(std::size_t workflow, const std::string& kind);
  template <class T, class Handler>
  void ask(boost::asio::awaitable<Result<T>> request, SimulatedTime::Action if_lost,
           Handler handler);
  void take_answer(const std::string& key, std::int64_t number, DeliveryId id,
                   std::vector<RunId> runs);

  SimulatedTime& time_;
  Journal& journal_;
  const Scenario& scenario_;
  const Instant begin_;
  Dice dice_;
  std::unique_ptr<Random> random_;
  UuidGenerator ids_;
  std::optional<Daemon> daemon_;

  std::map<std::uint64_t, SimulatedTime::Action> requests_;  // under way; what to do if it is lost
  std::uint64_t asked_ = 0;
  std::set<Slot> due_;  // slots that have come and not been acknowledged

  std::map<std::string, Delivered> delivered_;
  std::set<RunId> started_;
  std::map<Slot, Instant> slots_;
  std::set<RunId> cancelled_;
  std::set<RunId> asked_to_cancel_;
};

}  // namespace tba::simulation
