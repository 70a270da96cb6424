#include "daemon/storage/pruning.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "daemon/storage/rows.h"

namespace tba::storage {
namespace {

constexpr std::size_t kRunsLookedAt = 2'000;    // in one bite, most of them may have to stay
constexpr std::size_t kRowsLookedFor = 20'000;  // in one bite
constexpr std::uint64_t kBytesPerRow = 100;     // besides texts: keys, numbers, indexes

// --- what to remove of other kinds than runs: by instant

/// `find` gives the bytes of a row's texts and the columns of its key, for an instant ?1, a limit
/// ?2 and, where it `continues`, an identifier ?3 to begin after; `remove` takes the key.
struct Rule {
  std::string_view find;
  int key_columns = 0;
  std::string_view remove;
  bool continues = false;
};

constexpr Rule kLoneDeliveries{
    "SELECT length(query_json) + length(headers_json) + length(body), id FROM deliveries "
    "WHERE received_at < ?1 AND id > ?3 "
    "AND NOT EXISTS (SELECT 1 FROM runs WHERE delivery = deliveries.id) ORDER BY id LIMIT ?2",
    1,
    "DELETE FROM deliveries WHERE id = CAST(?1 AS BLOB) "
    "AND NOT EXISTS (SELECT 1 FROM runs WHERE delivery = CAST(?1 AS BLOB))",
    true};
constexpr Rule kOldDeliveryIds{
    "SELECT length(path) + length(sender_id), path, sender_id FROM delivery_ids "
    "WHERE received_at < ?1 LIMIT ?2",
    2, "DELETE FROM delivery_ids WHERE path = ?1 AND sender_id = ?2"};
constexpr Rule kOldEvents{
    "SELECT length(data_json), id FROM events WHERE at < ?1 "
    "AND NOT EXISTS (SELECT 1 FROM signals WHERE signals.id = events.id) ORDER BY id LIMIT ?2",
    1,
    "DELETE FROM events WHERE id = CAST(?1 AS BLOB) "
    "AND NOT EXISTS (SELECT 1 FROM signals WHERE signals.id = events.id)"};
constexpr Rule kExpiredCache{
    "SELECT length(result_json), workflow, step, key FROM cache WHERE expires_at <= ?1 LIMIT ?2", 3,
    "DELETE FROM cache WHERE workflow = ?1 AND step = ?2 AND key = ?3"};
constexpr Rule kOldPollItems{
    "SELECT length(poll) + length(key), poll, key FROM poll_items WHERE seen_at < ?1 LIMIT ?2", 2,
    "DELETE FROM poll_items WHERE poll = ?1 AND key = ?2"};

/// The rule for a kind, and its instant.
struct RuleFor {
  std::pair<const Rule*, Instant> operator()(const LoneDeliveries& kind) const {
    return {&kLoneDeliveries, kind.received_before};
  }
  std::pair<const Rule*, Instant> operator()(const OldDeliveryIds& kind) const {
    return {&kOldDeliveryIds, kind.received_before};
  }
  std::pair<const Rule*, Instant> operator()(const OldEvents& kind) const {
    return {&kOldEvents, kind.emitted_before};
  }
  std::pair<const Rule*, Instant> operator()(const ExpiredCache& kind) const {
    return {&kExpiredCache, kind.now};
  }
  std::pair<const Rule*, Instant> operator()(const OldPollItems& kind) const {
    return {&kOldPollItems, kind.seen_before};
  }
  std::pair<const Rule*, Instant> operator()(const EndedRuns&) const { return {}; }
};

Result<Findings> find_rows(Database& database, const Bite& bite) {
  const auto [rule, before] = std::visit(RuleFor(), bite.what);
  const auto limit = std::min<std::uint64_t>(bite.most, kRowsLookedFor);
  Findings findings;
  auto& pruned = findings.pruned;
  auto row = rule->continues ? database.query(rule->find, before, limit, bite.after)
                             : database.query(rule->find, before, limit);
  std::uint64_t in_commit = 0;
  for (;;) {
    const auto found = row.next();
    if (!found) return found.error();
    if (!*found) break;
    if (findings.rows.empty() || in_commit >= bite.bytes) {
      findings.rows.emplace_back();
      in_commit = 0;
    }
    RowKey key;
    for (int i = 0; i < rule->key_columns; ++i) key[static_cast<std::size_t>(i)] = row.blob(i + 1);
    if (rule->continues) pruned.last = uuid_of<DeliveryId>(key[0]);
    findings.rows.back().push_back(std::move(key));
    const auto bytes = static_cast<std::uint64_t>(row.integer(0)) + kBytesPerRow;
    in_commit += bytes;
    pruned.bytes += bytes;
    ++pruned.removed;
  }
  pruned.more = pruned.removed == limit && limit < bite.most;
  return findings;
}

// --- what to remove of runs

/// The smallest identifier that is made at that instant or later (RFC 9562 section 5.7).
RunId first_id_at(Instant instant) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(instant.time_since_epoch());
  auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 0));
  RunId id;
  for (std::size_t i = 6; i-- > 0; milliseconds >>= 8)
    id.bytes[i] = static_cast<std::uint8_t>(milliseconds & 0xff);
  return id;
}

/// Reads `sizes`, rows of (key, bytes) of one run by key, as far as `room` goes; gives whether that
/// is to the end. `take(row)` gets each that fits.
template <class Take>
Result<bool> take_rows(Statement sizes, std::uint64_t& room, Take take) {
  for (;;) {
    const auto found = sizes.next();
    if (!found) return found.error();
    if (!*found) return true;
    const auto bytes = static_cast<std::uint64_t>(sizes.integer(1)) + kBytesPerRow;
    if (room == 0) return false;
    take(sizes);
    room -= std::min(room, bytes);
  }
}

/// As much of the run as there is room for.
Result<RunPortion> portion_of(Database& database, RunId run, std::optional<DeliveryId> delivery,
                              std::uint64_t& room) {
  RunPortion portion;
  portion.run = run;
  portion.delivery = delivery;
  const auto logs =
      take_rows(database.query(
                    "SELECT sequence, length(text) FROM logs WHERE run = ? ORDER BY sequence", run),
                room, [&](const Statement& row) { portion.logs_through = row.integer(0); });
  if (!logs) return logs.error();
  const auto steps =
      take_rows(database.query("SELECT key, length(result_json) + length(memo_json) FROM steps "
                               "WHERE run = ? ORDER BY key",
                               run),
                room, [&](const Statement& row) { portion.steps_through = row.text(0); });
  if (!steps) return steps.error();
  portion.whole = *logs && *steps;
  if (!portion.whole || !delivery) return portion;
  auto body = database.query(
      "SELECT length(headers_json) + length(body) FROM deliveries "
      "WHERE id = ?",
      *delivery);
  if (const auto found = body.next(); !found) return found.error();
  room -= std::min(room, static_cast<std::uint64_t>(body.integer(0)) + kBytesPerRow);
  return portion;
}

/// A run that was looked at.
struct Candidate {
  RunId id;
  std::optional<DeliveryId> delivery;
  std::uint64_t bytes = 0;
  bool may_go = false;
};

Result<std::vector<Candidate>> candidates(Database& database, const EndedRuns& kind,
                                          const Uuid& after) {
  const auto before = kind.ended_before.value_or(Instant::max());
  const auto bound = kind.ended_before ? first_id_at(*kind.ended_before) : newest<RunId>();
  std::string sql =
      "SELECT id, delivery, length(trigger_json) + length(inputs_json) + length(output_json), "
      "status IN (3, 4, 5, 7) AND coalesce(finished_at, created_at) < ?1 AND NOT EXISTS "
      "(SELECT 1 FROM runs AS p WHERE p.id = runs.parent AND p.status IN (0, 1, 2, 6)) FROM runs ";
  sql +=
      kind.workflow.empty() ? "WHERE ?2 = ''" : "INDEXED BY runs_by_workflow WHERE workflow = ?2";
  sql += " AND id > ?3 AND id < ?4 ORDER BY id LIMIT ?5";
  return all_rows(database.query(sql, before, kind.workflow, after, bound, kRunsLookedAt),
                  [](Columns& columns) {
                    Candidate candidate;
                    candidate.id = columns.id<RunId>();
                    candidate.delivery = columns.optional_id<DeliveryId>();
                    candidate.bytes = static_cast<std::uint64_t>(columns.integer()) + kBytesPerRow;
                    candidate.may_go = columns.boolean();
                    return candidate;
                  });
}

Result<Findings> find_runs(Database& database, const EndedRuns& kind, const Bite& bite) {
  const auto found = candidates(database, kind, bite.after);
  if (!found) return found.error();
  Findings findings;
  auto& pruned = findings.pruned;
  pruned.last = bite.after;
  auto room = bite.bytes;
  for (const auto& candidate : *found) {
    if (candidate.may_go) {
      if (room == 0 || pruned.removed == bite.most) break;
      auto portion = portion_of(database, candidate.id, candidate.delivery, room);
      if (!portion) return portion.error();
      findings.runs.push_back(std::move(*portion));
      if (!findings.runs.back().whole) break;
      room -= std::min(room, candidate.bytes);
      ++pruned.removed;
    }
    pruned.last = candidate.id;
  }
  pruned.bytes = findings.runs.empty() ? 0 : bite.bytes - room;
  const bool looked_at_all = found->empty() || pruned.last == found->back().id;
  pruned.more = pruned.removed < bite.most && (!looked_at_all || found->size() == kRunsLookedAt);
  return findings;
}

/// Removes a run that is final, or as much of it as the portion says.
Result<void> remove_run(Database& database, const RunPortion& portion) {
  const auto carry_out = [&](std::string_view sql, const auto&... values) -> Result<void> {
    if (auto done = database.execute(sql, values...); !done) return done.error();
    return {};
  };
  const auto& run = portion.run;
  auto done =
      carry_out("DELETE FROM logs WHERE run = ? AND sequence <= ?", run, portion.logs_through);
  if (done)
    done = carry_out("DELETE FROM steps WHERE run = ? AND key <= ?", run, portion.steps_through);
  if (!done || !portion.whole) return done;
  done = carry_out("DELETE FROM signals WHERE run = ?", run);
  if (done) done = carry_out("DELETE FROM subscriptions WHERE run = ?", run);
  if (done) done = carry_out("DELETE FROM runs WHERE id = ?", run);
  if (done && portion.delivery) {
    done = carry_out(
        "DELETE FROM deliveries WHERE id = ?1 AND NOT EXISTS "
        "(SELECT 1 FROM runs WHERE delivery = ?1)",
        *portion.delivery);
  }
  return done;
}

Result<std::uint64_t> pragma(Database& database, std::string_view sql) {
  auto answer = database.query(sql);
  if (const auto row = answer.next(); !row) return row.error();
  return static_cast<std::uint64_t>(answer.integer(0));
}

}  // namespace

Result<Findings> find_prunable(Database& database, const Bite& bite) {
  if (const auto* runs = std::get_if<EndedRuns>(&bite.what))
    return find_runs(database, *runs, bite);
  return find_rows(database, bite);
}

Result<void> remove_runs(Database& database, const std::vector<RunPortion>& runs) {
  for (const auto& portion : runs) {
    if (auto removed = remove_run(database, portion); !removed) return removed;
  }
  return {};
}

Result<void> remove_rows(Database& database, const Prunable& kind,
                         const std::vector<RowKey>& rows) {
  const auto* rule = std::visit(RuleFor(), kind).first;
  for (const auto& key : rows) {
    auto removed = rule->key_columns == 1 ? database.execute(rule->remove, key[0])
                   : rule->key_columns == 2
                       ? database.execute(rule->remove, key[0], key[1])
                       : database.execute(rule->remove, key[0], key[1], key[2]);
    if (!removed) return removed.error();
  }
  return {};
}

Result<std::vector<VersionHash>> list_unused_versions(Database& database) {
  return all_rows(database.query("SELECT hash FROM versions WHERE hash NOT IN "
                                 "(SELECT DISTINCT version FROM runs)"),
                  [](Columns& columns) { return columns.hash(); });
}

Result<FileUsage> file_usage(Database& database) {
  const auto pages = pragma(database, "PRAGMA page_count");
  if (!pages) return pages.error();
  const auto free = pragma(database, "PRAGMA freelist_count");
  if (!free) return free.error();
  const auto page_size = pragma(database, "PRAGMA page_size");
  if (!page_size) return page_size.error();
  auto log = database.path();
  log += "-wal";
  std::error_code none;
  const auto log_bytes = std::filesystem::file_size(log, none);
  return FileUsage{*pages * *page_size, *free * *page_size, none ? 0 : log_bytes};
}

Result<FileUsage> give_back_pages(Database& database, std::uint64_t bytes) {
  const auto page_size = pragma(database, "PRAGMA page_size");
  if (!page_size) return page_size.error();
  if (const auto pages = bytes / *page_size; pages > 0) {  // PRAGMA takes 0 for all
    auto done = database.execute("PRAGMA incremental_vacuum(" + std::to_string(pages) + ")");
    if (!done) return done.error();
  }
  return file_usage(database);
}

}  // namespace tba::storage
