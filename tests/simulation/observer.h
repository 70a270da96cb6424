#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
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
  std::optional<storage::Delivery> delivery(DeliveryId id);
  std::vector<storage::Delivery> deliveries();  ///< Without headers and body.
  /// As the run began with it.
  Result<std::shared_ptr<const engine::Definition>> definition(const storage::VersionHash& hash);

  /// What SQLite finds wrong with the file, or nothing.
  std::vector<std::string> damage();

 private:
  storage::Database database_;
  std::map<storage::VersionHash, std::shared_ptr<const engine::Definition>> definitions_;
};

}  // namespace tba::simulation
