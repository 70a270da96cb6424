#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include "daemon/storage/sqlite_store.h"
#include "daemon/triggers/event_starts.h"
#include "daemon/triggers/events.h"
#include "daemon/triggers/scheduler.h"
#include "daemon/vault/credentials.h"
#include "daemon/workflows.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/requests.h"
#include "tests/simulation/sabotage.h"
#include "tests/simulation/time.h"

namespace tba::simulation {

/// What a daemon's process holds, and loses when it dies: the parts of a real one, put together as
/// it does, but for HTTP, polls, and what removes old things.
class Life {
 public:
  /// What is not part of the process. All must outlive it.
  struct World {
    SimulatedTime& time;
    Random& random;
    UuidGenerator& ids;
    daemon::Log& log;
    Outside& outside;
    const Sabotage& sabotage;
    std::function<bool()> is_dead;  ///< Whether this daemon is.
  };

  /// The folders with workflows and connectors, from the working folder.
  static constexpr const char* kWorkflows = "flows";
  static constexpr const char* kConnectors = "connectors";

  Life(World world, int number);
  ~Life();

  /// What it is to work on; `path` is that of its file. Before everything below.
  void take(std::unique_ptr<storage::SqliteStore> store, const std::filesystem::path& path);

  /// Does what a daemon does when it starts. With `fires`, its schedules fire.
  boost::asio::awaitable<Result<>> begin(bool fires);

  /// Ends in good order.
  boost::asio::awaitable<Result<>> stop(std::chrono::milliseconds grace);

  /// From now on no schedule fires.
  boost::asio::awaitable<Result<>> stop_schedules();

  int number() const { return number_; }
  boost::asio::io_context& io() { return io_; }
  /// What is to happen to it, unless it ends before.
  Plans& plans() { return plans_; }
  /// What is stored. Requires: take().
  Observer& observer() { return *observer_; }
  /// The workflows in force, by name. Requires: begin() has been called.
  std::map<std::string, std::shared_ptr<const engine::Definition>> workflows() const;
  /// How it is asked. Requires: begin() has been called.
  Daemon daemon();

 private:
  class Service;

  World world_;
  const int number_;
  // The services go before the executor that holds their coroutines, so none of these goes on.
  boost::asio::io_context io_{1};
  Plans plans_;
  std::unique_ptr<storage::SqliteStore> sqlite_;
  std::unique_ptr<SabotagedStore> sabotaged_store_;
  std::unique_ptr<Observer> observer_;
  std::unique_ptr<Outside::Door> door_;
  std::unique_ptr<engine::AttemptRunner> sabotaged_door_;
  std::unique_ptr<Service> service_;
};

}  // namespace tba::simulation
