#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/engine/definition.h"
#include "daemon/storage/sqlite.h"
#include "daemon/storage/store.h"

namespace tba::simulation {

/// Looks at what is stored, over a connection of its own: it sees what is committed, at any moment,
/// without the daemon noticing. What cannot be read is an exception: nothing may be damaged.
class Observer {
 public:
  explicit Observer(const std::filesystem::path& path);

  std::optional<storage::Run> run(RunId id);
  std::vector<storage::Step> steps(RunId id);
  std::optional<storage::Step> step(RunId id, const std::string& key);
  std::vector<RunId> runs();
  std::vector<RunId> runs(std::vector<RunStatus> statuses);
  std::optional<storage::Delivery> delivery(DeliveryId id);
  std::vector<storage::Delivery> deliveries();  ///< Without headers and body.
  std::vector<storage::Signal> signals(RunId id);
  std::vector<RunId> signalled_runs();
  std::vector<storage::Event> events();
  std::vector<storage::ScheduleMark> schedules();
  /// Of the engine itself.
  std::vector<std::string> log(RunId id);
  /// As the run began with it.
  Result<std::shared_ptr<const engine::Definition>> definition(const storage::VersionHash& hash);

  /// Steps that wait for somebody.
  using Place = std::pair<RunId, std::string>;
  std::vector<Place> waiting_for_approval();
  std::vector<Place> waiting_for_event(const std::string& name);
  std::vector<Place> interrupted();

  /// The runs that are in progress under a limit, by workflow and concurrency key.
  std::map<std::pair<std::string, std::string>, std::vector<RunId>> in_progress();

  /// What SQLite finds wrong with the file, or nothing.
  std::vector<std::string> damage();

 private:
  storage::Database database_;
  std::map<storage::VersionHash, std::shared_ptr<const engine::Definition>> definitions_;
};

}  // namespace tba::simulation
