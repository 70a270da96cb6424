#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/uuid.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/requests.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/time.h"

namespace tba::simulation {

/// Those who want runs of the daemon, and remember what it has promised them. A delivery is sent
/// again until it is acknowledged. Whoever starts a run by hand asks once.
class Clients {
 public:
  /// An acknowledged delivery.
  struct Delivered {
    DeliveryId id;
    std::vector<RunId> runs;
    std::int64_t number = 0;
  };

  /// All must outlive it.
  Clients(SimulatedTime& time, Journal& journal, Requests& requests, UuidGenerator& ids,
          const Scenario& scenario);

  /// What was acknowledged: deliveries by workflow and sender's id (made up where it has none) …
  const std::map<std::string, Delivered>& delivered() const { return delivered_; }
  /// … and runs by hand.
  const std::set<RunId>& started() const { return started_; }

  /// What was asked for again and again and never acknowledged.
  std::vector<std::string> unanswered() const;

 private:
  static std::string key_of(const Wish& wish, std::size_t index);
  void start(const Wish& wish);
  void deliver(const Wish& wish, const std::string& key);
  Duration pause();
  engine::Start new_start(std::size_t workflow, const std::string& kind);
  void take_answer(const std::string& key, std::int64_t number, DeliveryId id,
                   std::vector<RunId> runs);

  SimulatedTime& time_;
  Journal& journal_;
  Requests& requests_;
  UuidGenerator& ids_;
  const Scenario& scenario_;
  Dice dice_;

  std::map<std::string, Delivered> delivered_;
  std::set<RunId> started_;
};

}  // namespace tba::simulation
