#include <array>
#include <initializer_list>

#include "daemon/storage/queries.h"
#include "daemon/storage/rows.h"

namespace tba::storage {
namespace {

// A row in two parts, as the table has them: what a list shows, and the big texts.
const std::string kRunSummary =
    "id, workflow, version, status, epoch, trigger_kind, delivery, created_at, started_at, "
    "finished_at, wake_at, deadline, cancel_requested, failure_kind, failure_message, "
    "failure_step, "
    "phase, crashes, solo_crashes, trial_size, depth, parent, parent_step, retry_of, "
    "concurrency_key";
const std::string kRunTexts = ", trigger_json, inputs_json, output_json";

Run run_summary(Columns& columns) {
  Run run;
  run.id = columns.id<RunId>();
  run.workflow = columns.text();
  run.version = columns.hash();
  run.status = columns.enumeration<RunStatus>();
  run.epoch = columns.integer();
  run.trigger_kind = columns.text();
  run.delivery = columns.optional_id<DeliveryId>();
  run.created_at = columns.instant();
  run.started_at = columns.optional_instant();
  run.finished_at = columns.optional_instant();
  run.wake_at = columns.optional_instant();
  run.deadline = columns.optional_instant();
  run.cancel_requested = columns.boolean();
  run.failure = columns.failure();
  run.phase = columns.enumeration<RunPhase>();
  run.crashes = static_cast<int>(columns.integer());
  run.solo_crashes = static_cast<int>(columns.integer());
  run.trial_size = static_cast<int>(columns.integer());
  run.depth = static_cast<int>(columns.integer());
  run.parent = columns.optional_id<RunId>();
  run.parent_step = columns.text();
  run.retry_of = columns.optional_id<RunId>();
  run.concurrency_key = columns.text();
  return run;
}

Run whole_run(Columns& columns) {
  auto run = run_summary(columns);
  run.trigger_json = columns.packed();
  run.inputs_json = columns.packed();
  run.output_json = columns.packed();
  return run;
}

/// Statuses as bits, so that one statement serves every combination of final ones; 0 for all.
template <class Statuses>
std::int64_t mask_of(const Statuses& statuses) {
  std::int64_t mask = 0;
  for (const auto status : statuses) mask |= std::int64_t{1} << static_cast<int>(status);
  return mask;
}

constexpr std::array kUnfinished{RunStatus::queued, RunStatus::running, RunStatus::waiting,
                                 RunStatus::interrupted};

std::int64_t statuses_of(const RunFilter& filter) {
  return filter.attention ? mask_of(std::array{RunStatus::interrupted}) : mask_of(filter.statuses);
}

bool none_is_final(std::int64_t mask) {
  return mask != 0 && (mask & ~mask_of(kUnfinished)) == 0;
}

/// The runs of these statuses, none of which is final, that meet the conditions: what an ORDER BY
/// of the identifier may follow. The index has each status in order, and SQLite merges them.
std::string unfinished_runs(std::int64_t mask, const std::string& conditions) {
  std::string sql;
  for (const auto status : kUnfinished) {
    if ((mask & mask_of(std::array{status})) == 0) continue;
    if (!sql.empty()) sql += " UNION ALL ";
    sql += "SELECT " + kRunSummary +
           " FROM runs INDEXED BY runs_unfinished WHERE status IN (0, 1, 2, 6) AND status = " +
           std::to_string(static_cast<int>(status)) + " AND " + conditions;
  }
  return sql;
}

}  // namespace

Result<std::optional<WorkflowVersion>> find_version(Database& database, const VersionHash& hash) {
  return one_row(database.query("SELECT workflow, definition_json FROM versions WHERE hash = ?",
                                blob_of(hash)),
                 [&](Columns& columns) {
                   WorkflowVersion version;
                   version.hash = hash;
                   version.workflow = columns.text();
                   version.definition_json = columns.packed();
                   return version;
                 });
}

Result<std::vector<VersionHash>> missing_versions_of(Database& database,
                                                     const std::vector<VersionHash>& hashes) {
  std::vector<VersionHash> missing;
  for (const auto& hash : hashes) {
    auto version = database.query("SELECT 1 FROM versions WHERE hash = ?", blob_of(hash));
    const auto is_there = version.next();
    if (!is_there) return is_there.error();
    if (!*is_there) missing.push_back(hash);
  }
  return missing;
}

Result<std::optional<Run>> find_run(Database& database, RunId id) {
  return one_row(
      database.query("SELECT " + kRunSummary + kRunTexts + " FROM runs WHERE id = ?", id),
      whole_run);
}

Result<Page<Run>> list_runs(Database& database, const RunFilter& filter, const PageRequest& page) {
  const auto before = key_before(page, newest<RunId>());
  if (!before) return before.error();
  const auto statuses = statuses_of(filter);
  std::string conditions = "id < ?1";
  if (filter.delivery) conditions += " AND delivery = ?2";
  if (!filter.workflow.empty()) conditions += " AND workflow = ?3";
  if (filter.parent) conditions += " AND parent = ?5";

  std::string sql;
  if (!filter.delivery && !filter.parent && none_is_final(statuses)) {
    sql = unfinished_runs(statuses, conditions);
  } else {
    sql = "SELECT " + kRunSummary + " FROM runs WHERE " + conditions;
    if (statuses != 0) sql += " AND (1 << status) & ?4";
  }
  sql += " ORDER BY id DESC LIMIT ?6";
  return page_of(all_rows(database.query(sql, *before, filter.delivery, filter.workflow, statuses,
                                         filter.parent, page.limit + 1),
                          run_summary),
                 page.limit, &Run::id);
}

Result<Page<Run>> list_unfinished(Database& database, std::initializer_list<RunStatus> statuses,
                                  const PageRequest& page) {
  const auto after = key_before(page, RunId{});
  if (!after) return after.error();
  return page_of(all_rows(database.query(unfinished_runs(mask_of(statuses), "id > ?1") +
                                             " ORDER BY id LIMIT ?2",
                                         *after, page.limit + 1),
                          run_summary),
                 page.limit, &Run::id);
}

Result<Page<Run>> list_limited(Database& database, const PageRequest& page) {
  const auto after = key_before(page, RunId{});
  if (!after) return after.error();
  return page_of(
      all_rows(database.query("SELECT " + kRunSummary +
                                  " FROM runs INDEXED BY runs_limited WHERE concurrency_key <> '' "
                                  "AND status IN (0, 1, 2) AND id > ? ORDER BY id LIMIT ?",
                              *after, page.limit + 1),
               run_summary),
      page.limit, &Run::id);
}

Result<std::vector<Run>> list_children(Database& database, RunId parent) {
  return all_rows(
      database.query("SELECT " + kRunSummary + " FROM runs WHERE parent = ? ORDER BY id", parent),
      run_summary);
}

Result<std::vector<Parked>> list_parked(Database& database, const Parked& after, Instant until,
                                        std::size_t limit) {
  return all_rows(
      database.query("SELECT wake_at, id FROM runs INDEXED BY runs_parked "
                     "WHERE status = 2 AND wake_at IS NOT NULL AND (wake_at, id) > (?, ?) "
                     "AND wake_at <= ? ORDER BY wake_at, id LIMIT ?",
                     after.wake_at, after.run, until, limit),
      [](Columns& columns) {
        Parked parked;
        parked.wake_at = columns.instant();
        parked.run = columns.id<RunId>();
        return parked;
      });
}

Result<std::uint64_t> count_waiting(Database& database) {
  auto count = database.query(
      "SELECT count(*) FROM runs INDEXED BY runs_unfinished "
      "WHERE status IN (0, 1, 2, 6) AND status = 2");
  if (const auto row = count.next(); !row) return row.error();
  return static_cast<std::uint64_t>(count.integer(0));
}

Result<std::vector<Step>> steps_of(Database& database, RunId run,
                                   const std::optional<std::vector<std::string>>& results_of) {
  // The keys with a line break before and behind each: none has one in it.
  std::string wanted = "\n";
  if (results_of) {
    for (const auto& key : *results_of) wanted += key + "\n";
  }
  return all_rows(
      database.query("SELECT key, position, status, attempt, effect, started_at, "
                     "attempt_started_at, finished_at, due_at, failure_kind, failure_message, "
                     "failure_step, CASE WHEN ?2 OR instr(?3, char(10) || key || char(10)) "
                     "THEN result_json ELSE '' END, memo_json FROM steps WHERE run = ?1 ORDER BY "
                     "position, key",
                     run, results_of ? 0 : 1, wanted),
      [&](Columns& columns) {
        Step step;
        step.run = run;
        step.key = columns.text();
        step.position = static_cast<int>(columns.integer());
        step.status = columns.enumeration<StepStatus>();
        step.attempt = static_cast<int>(columns.integer());
        step.effect = columns.enumeration<Effect>();
        step.started_at = columns.instant();
        step.attempt_started_at = columns.instant();
        step.finished_at = columns.optional_instant();
        step.due_at = columns.optional_instant();
        step.failure = columns.failure();
        step.result_json = columns.packed();
        step.memo_json = columns.packed();
        return step;
      });
}

Result<std::vector<LogLine>> logs_of(Database& database, RunId run, std::int64_t after_sequence,
                                     std::size_t limit) {
  return all_rows(database.query("SELECT sequence, at, step, stream, text FROM logs "
                                 "WHERE run = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                                 run, after_sequence, limit),
                  [&](Columns& columns) {
                    LogLine line;
                    line.run = run;
                    line.sequence = columns.integer();
                    line.at = columns.instant();
                    line.step = columns.text();
                    line.stream = columns.text();
                    line.text = columns.packed();
                    return line;
                  });
}

}  // namespace tba::storage
