#pragma once

#include <algorithm>

#include "daemon/storage/sqlite.h"
#include "daemon/storage/store.h"

/// What the Store's reading functions answer, asked on one connection. Errors: `invalid` for a
/// cursor that no page gave, `internal` where a row is damaged, else as reading does.
namespace tba::storage {

/// The identifier in a column's bytes; nil where they are no identifier.
template <class AnyId>
AnyId uuid_of(std::string_view bytes) {
  AnyId id;
  if (bytes.size() == id.bytes.size()) std::ranges::copy(bytes, id.bytes.begin());
  return id;
}

Result<std::optional<WorkflowVersion>> find_version(Database& database, const VersionHash& hash);
Result<std::optional<Run>> find_run(Database& database, RunId id);
Result<Page<Run>> list_runs(Database& database, const RunFilter& filter, const PageRequest& page);

/// Those that are not final, oldest first, without their texts.
Result<Page<Run>> unfinished_runs(Database& database, const PageRequest& page);

Result<std::vector<Step>> steps_of(Database& database, RunId run,
                                   const std::optional<std::vector<std::string>>& results_of);
Result<std::vector<LogLine>> logs_of(Database& database, RunId run, std::int64_t after_sequence,
                                     std::size_t limit);
Result<std::optional<Delivery>> find_delivery(Database& database, DeliveryId id);
Result<Page<Delivery>> list_deliveries(Database& database, const DeliveryFilter& filter,
                                       const PageRequest& page);
Result<Page<Rejection>> list_rejections(Database& database, const PageRequest& page);
Result<std::optional<Instant>> last_slot_of(Database& database, std::string_view schedule);
Result<std::vector<Credential>> list_credentials(Database& database);

}  // namespace tba::storage
