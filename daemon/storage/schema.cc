#include "daemon/storage/schema.h"

#include <algorithm>
#include <array>
#include <string>

namespace tba::storage {
namespace {

// Identifiers are 16-byte UUIDs of version 7, so that keys grow with time and new rows go to the
// right edge of each tree; instants are microseconds since 1970; `…_json`, bodies and log texts are
// packed (compression.h). Big columns stand last: what comes after is not read for a list.
constexpr std::array kMigrations{
    Migration{"2026-11-23 inbox, runs, schedules and credentials", R"sql(
CREATE TABLE versions (
  hash BLOB PRIMARY KEY,
  workflow TEXT NOT NULL,
  definition_json BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  id BLOB PRIMARY KEY,
  received_at INTEGER NOT NULL,
  path TEXT NOT NULL,
  workflow TEXT NOT NULL,
  connector TEXT NOT NULL,
  event TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  query_json BLOB NOT NULL,
  headers_json BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_workflow ON deliveries (workflow, id);

-- The sender's ids, on their own because they outlive the deliveries.
CREATE TABLE delivery_ids (
  path TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  delivery BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (path, sender_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejections (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  path TEXT NOT NULL,
  peer TEXT NOT NULL,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  id BLOB PRIMARY KEY,
  workflow TEXT NOT NULL,
  version BLOB NOT NULL,
  status INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  trigger_kind TEXT NOT NULL,
  delivery BLOB,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  wake_at INTEGER,
  deadline INTEGER,
  cancel_requested INTEGER NOT NULL,
  failure_kind TEXT,
  failure_message TEXT,
  failure_step TEXT,
  trigger_json BLOB NOT NULL,
  inputs_json BLOB NOT NULL,
  output_json BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_workflow ON runs (workflow, id);
CREATE INDEX runs_by_delivery ON runs (delivery, id) WHERE delivery IS NOT NULL;
-- queued, running, waiting, interrupted
CREATE INDEX runs_unfinished ON runs (id) WHERE status IN (0, 1, 2, 6);

CREATE TABLE steps (
  run BLOB NOT NULL,
  key TEXT NOT NULL,
  position INTEGER NOT NULL,
  status INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  effect INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  attempt_started_at INTEGER NOT NULL,
  finished_at INTEGER,
  due_at INTEGER,
  failure_kind TEXT,
  failure_message TEXT,
  failure_step TEXT,
  result_json BLOB NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE logs (
  run BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  step TEXT NOT NULL,
  stream TEXT NOT NULL,
  text BLOB NOT NULL,
  PRIMARY KEY (run, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE schedule_slots (
  schedule TEXT NOT NULL,
  slot INTEGER NOT NULL,
  PRIMARY KEY (schedule, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE credentials (
  name TEXT PRIMARY KEY,
  id BLOB NOT NULL,
  connector TEXT NOT NULL,
  scheme TEXT NOT NULL,
  base_url TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  wrapped_key BLOB NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
)sql"},

    // Columns can only be added at the end, without a row being rewritten. Those of most runs are
    // zero, NULL or empty there: SQLite knows them from the row's header and reads no text before.
    Migration{"2026-11-23 sub-runs, signals, events, caches and polls", R"sql(
ALTER TABLE runs ADD COLUMN phase INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN parent BLOB;
ALTER TABLE runs ADD COLUMN parent_step TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN retry_of BLOB;
ALTER TABLE runs ADD COLUMN concurrency_key TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN memo_json BLOB NOT NULL DEFAULT x'';

-- With the status first, a million waiting runs are not in the way of the few that are running.
DROP INDEX runs_unfinished;
CREATE INDEX runs_unfinished ON runs (status, id, workflow) WHERE status IN (0, 1, 2, 6);
CREATE INDEX runs_parked ON runs (wake_at, id) WHERE status = 2 AND wake_at IS NOT NULL;
CREATE INDEX runs_by_parent ON runs (parent, id) WHERE parent IS NOT NULL;

CREATE TABLE signals (
  run BLOB NOT NULL,
  id BLOB NOT NULL,
  step TEXT NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  data_json BLOB NOT NULL,
  PRIMARY KEY (run, id, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX signals_by_id ON signals (id, run);

CREATE TABLE subscriptions (
  run BLOB NOT NULL,
  step TEXT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_by_event ON subscriptions (event, run);

CREATE TABLE events (
  id BLOB PRIMARY KEY,
  at INTEGER NOT NULL,
  name TEXT NOT NULL,
  source TEXT NOT NULL,
  data_json BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cache (
  workflow TEXT NOT NULL,
  step TEXT NOT NULL,
  key TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  result_json BLOB NOT NULL,
  PRIMARY KEY (workflow, step, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX cache_by_expiry ON cache (expires_at);

CREATE TABLE polls (
  poll TEXT PRIMARY KEY,
  polled_at INTEGER NOT NULL,
  cursor_json BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE poll_items (
  poll TEXT NOT NULL,
  key TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (poll, key)
) STRICT, WITHOUT ROWID;
)sql"},

    // A schedule was known by its place among the triggers of its workflow.
    Migration{"2026-11-23 when schedules were first seen", R"sql(
DELETE FROM schedule_slots;
CREATE TABLE schedules (
  schedule TEXT PRIMARY KEY,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"},

    // A list must not read over bodies to say what was unmatched, and most deliveries are not.
    Migration{"2026-11-23 why deliveries were unmatched", R"sql(
ALTER TABLE deliveries ADD COLUMN method TEXT NOT NULL DEFAULT 'POST';

CREATE TABLE unmatched (
  delivery BLOB PRIMARY KEY,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER unmatched_with_delivery AFTER DELETE ON deliveries BEGIN
  DELETE FROM unmatched WHERE delivery = old.id;
END;
)sql"},
    Migration{"2026-11-23 why runs wait: a limit that they share", R"sql(
CREATE INDEX runs_limited ON runs (id) WHERE concurrency_key <> '' AND status IN (0, 1, 2);
)sql"},

    // What a condition of the index names is looked up in the row, unless the index has it too.
    Migration{"2026-11-23 why runs wait: until when", R"sql(
DROP INDEX runs_parked;
CREATE INDEX runs_parked ON runs (status, wake_at, id) WHERE status = 2 AND wake_at IS NOT NULL;
)sql"},
    Migration{"2026-11-23 witnesses of crashes, and suspects", R"sql(
ALTER TABLE runs ADD COLUMN solo_crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN trial_size INTEGER NOT NULL DEFAULT 0;
)sql"},
    Migration{"2026-11-23 written state of limits", R"sql(
CREATE TABLE closed_limits (
  key TEXT PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"},
};

Result<std::int64_t> count(Database& database, std::string_view sql) {
  auto query = database.query(sql);
  if (auto row = query.next(); !row) return row.error();
  return query.integer(0);
}

/// Refuses a file that holds tables, but none of ours.
Result<void> require_ours(Database& database) {
  const auto tables = count(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  const auto ours = count(
      database, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'");
  if (!ours) return ours.error();
  if (*tables == 0 || *ours == 1) return {};
  return Error{ErrorCode::conflict,
               "the database '" + database.path().string() + "' belongs to another program",
               "let 'store' in config.yaml name another file"};
}

/// Refuses a database that has seen a migration which this version does not know.
Result<void> require_known(Database& database, std::span<const Migration> known) {
  auto applied = database.query("SELECT name FROM migrations ORDER BY name");
  for (;;) {
    const auto row = applied.next();
    if (!row) return row.error();
    if (!*row) return {};
    const auto name = applied.text(0);
    if (std::ranges::find(known, name, &Migration::name) == known.end()) {
      return Error{ErrorCode::conflict,
                   "the database '" + database.path().string() +
                       "' was made by a newer version of tba-integrate: this one does not know its "
                       "change '" +
                       std::string(name) + "'",
                   "install the newer version again, or restore a backup from before the upgrade"};
    }
  }
}

Result<void> apply(Database& database, const Migration& migration, Instant now) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  // Asked under the lock: another process may have been faster.
  const auto recorded = database.execute(
      "INSERT INTO migrations (name, applied_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
      migration.name, now);
  if (!recorded) return recorded.error();
  if (*recorded == 0) return {};
  if (auto done = database.script(std::string(migration.sql)); !done) return done.error();
  return transaction->commit();
}

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

Result<void> migrate(Database& database, std::span<const Migration> migrations, Instant now) {
  if (auto ours = require_ours(database); !ours) return ours;
  auto made = database.script(
      "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) "
      "STRICT, WITHOUT ROWID");
  if (!made) return made;
  if (auto known = require_known(database, migrations); !known) return known;
  for (const auto& migration : migrations) {
    if (auto applied = apply(database, migration, now); !applied) {
      return with_context(applied.error(),
                          "while applying the change '" + std::string(migration.name) + "'");
    }
  }
  return {};
}

}  // namespace tba::storage
