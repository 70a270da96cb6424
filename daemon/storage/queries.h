#pragma once

#include <initializer_list>

#include "daemon/storage/sqlite.h"
#include "daemon/storage/store.h"

/// What the Store's reading functions answer, asked on one connection. Errors: `invalid` for a
/// cursor that no page gave, `internal` where a row is damaged, else as reading does.
namespace tba::storage {

Result<std::optional<WorkflowVersion>> find_version(Database& database, const VersionHash& hash);
Result<std::vector<VersionHash>> missing_versions_of(Database& database,
                                                     const std::vector<VersionHash>& hashes);
Result<std::optional<Run>> find_run(Database& database, RunId id);
Result<Page<Run>> list_runs(Database& database, const RunFilter& filter, const PageRequest& page);

/// Those of the statuses, none of which is final, oldest first.
Result<Page<Run>> list_unfinished(Database& database, std::initializer_list<RunStatus> statuses,
                                  const PageRequest& page);
Result<Page<Run>> list_limited(Database& database, const PageRequest& page);
Result<std::vector<Run>> list_children(Database& database, RunId parent);
Result<std::vector<Parked>> list_parked(Database& database, const Parked& after, Instant until,
                                        std::size_t limit);
Result<std::uint64_t> count_waiting(Database& database);

Result<std::vector<Step>> steps_of(Database& database, RunId run,
                                   const std::optional<std::vector<std::string>>& results_of);
Result<std::vector<LogLine>> logs_of(Database& database, RunId run, std::int64_t after_sequence,
                                     std::size_t limit);
Result<std::optional<Delivery>> find_delivery(Database& database, DeliveryId id);
Result<Page<Delivery>> list_deliveries(Database& database, const DeliveryFilter& filter,
                                       const PageRequest& page);
Result<Page<Rejection>> list_rejections(Database& database, const PageRequest& page);
Result<std::vector<ScheduleMark>> list_schedules(Database& database);
Result<std::vector<ClosedLimit>> list_closed_limits(Database& database);
Result<std::vector<Credential>> list_credentials(Database& database);

Result<std::vector<Signal>> signals_for(Database& database, RunId run);
Result<Page<RunId>> list_signalled_runs(Database& database, const PageRequest& page);
Result<Page<RunId>> list_signals_of(Database& database, EventId event, const PageRequest& page);
Result<Page<Event>> list_events(Database& database, const EventFilter& filter,
                                const PageRequest& page);
Result<std::optional<CacheEntry>> find_cached(Database& database, std::string_view workflow,
                                              std::string_view step, std::string_view key,
                                              Instant now);
Result<std::optional<PollState>> find_poll_state(Database& database, std::string_view poll);
Result<std::vector<std::string>> unseen_of(Database& database, std::string_view poll,
                                           std::vector<std::string> keys);

}  // namespace tba::storage
