#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/engine/alarm.h"
#include "daemon/log.h"
#include "daemon/retention/policy.h"
#include "daemon/storage/store.h"
#include "daemon/task_group.h"
#include "shared/clock.h"

namespace tba::retention {

/// Keeps the history within its limits: looks every kInterval what the store holds, and has it
/// remove what is too much, bite after bite, each between the commits of others. Used on its
/// executor only.
class Pruner {
 public:
  static constexpr std::chrono::minutes kFirst{1};  ///< After the start, which has enough to do.
  static constexpr std::chrono::minutes kInterval{10};

  /// What it needs from outside; all must outlive it.
  struct Environment {
    boost::asio::any_io_executor executor;  ///< One handler at a time; the alarm's.
    storage::Store& store;
    engine::Alarm& alarm;
    const Clock& clock;
    daemon::Log& log;
    /// The versions of the workflows in force, which runs may need that are yet to come.
    std::function<std::vector<storage::VersionHash>()> versions_in_force;
  };

  Pruner(Environment environment, Limits limits);

  void start();

  /// Ends what is under way after its bite.
  boost::asio::awaitable<void> stop();

  /// What a round has done.
  struct Round {
    Instant at;
    Duration took{0};
    std::uint64_t runs = 0;
    std::uint64_t rows = 0;   ///< Of what is no run's.
    std::uint64_t bytes = 0;  ///< About.
  };
  /// The last one that ended; none since the start where there is none.
  const std::optional<Round>& last() const { return last_; }

 private:
  void set_alarm(Duration after);
  boost::asio::awaitable<void> go_round();
  boost::asio::awaitable<Result<>> prune(Round& round);
  boost::asio::awaitable<Result<>> remove(std::vector<Removal> removals, Round& round);
  boost::asio::awaitable<Result<>> remove_lone_deliveries(Instant before, Round& round);
  boost::asio::awaitable<Result<>> remove_versions(Instant now);
  boost::asio::awaitable<Result<>> give_space_back();

  Environment environment_;
  Limits limits_;
  daemon::TaskGroup tasks_;
  bool stopping_ = false;
  std::optional<Round> last_;
  Uuid deliveries_done_;  // up to this one each has started a run that is kept
  std::set<storage::VersionHash> unused_versions_;  // when that was last looked at
  std::optional<Instant> versions_looked_at_;
};

}  // namespace tba::retention
