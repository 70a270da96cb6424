#include "daemon/storage/queries.h"

#include <charconv>
#include <limits>
#include <utility>

#include "daemon/storage/compression.h"

namespace tba::storage {
namespace {

/// Reads the columns of a row one after the other.
class Columns {
 public:
  explicit Columns(const Statement& row) : row_(row) {}

  std::string text() { return std::string(row_.text(next_++)); }
  std::string blob() { return std::string(row_.blob(next_++)); }
  std::int64_t integer() { return row_.integer(next_++); }
  bool boolean() { return integer() != 0; }
  Instant instant() { return Instant(Duration(integer())); }

  template <class Enum>
  Enum enumeration() {
    return static_cast<Enum>(integer());
  }
  template <class AnyId>
  AnyId id() {
    return uuid_of<AnyId>(row_.blob(next_++));
  }
  VersionHash hash() {
    const auto bytes = row_.blob(next_++);
    VersionHash hash{};
    if (bytes.size() == hash.size()) std::ranges::copy(bytes, hash.begin());
    return hash;
  }
  std::optional<Instant> optional_instant() {
    if (row_.is_null(next_)) return skip<Instant>();
    return instant();
  }
  template <class AnyId>
  std::optional<AnyId> optional_id() {
    if (row_.is_null(next_)) return skip<AnyId>();
    return id<AnyId>();
  }
  /// Three columns.
  std::optional<Failure> failure() {
    const bool none = row_.is_null(next_);
    Failure failure{text(), text(), text()};
    return none ? std::nullopt : std::optional(std::move(failure));
  }
  /// A packed text.
  std::string packed() {
    auto plain = unpack(row_.blob(next_++));
    if (plain) return std::move(*plain);
    if (!error_) error_ = plain.error();
    return {};
  }

  /// The first text that could not be unpacked.
  const std::optional<Error>& error() const { return error_; }

 private:
  template <class T>
  std::optional<T> skip() {
    ++next_;
    return std::nullopt;
  }

  const Statement& row_;
  int next_ = 0;
  std::optional<Error> error_;
};

/// Reads all rows with `read(Columns&)`.
template <class Read>
auto all_rows(Statement query, Read read)
    -> Result<std::vector<decltype(read(std::declval<Columns&>()))>> {
  std::vector<decltype(read(std::declval<Columns&>()))> items;
  for (;;) {
    const auto row = query.next();
    if (!row) return row.error();
    if (!*row) return items;
    Columns columns(query);
    items.push_back(read(columns));
    if (columns.error()) return *columns.error();
  }
}

/// Reads the one row there may be.
template <class Read>
auto one_row(Statement query, Read read)
    -> Result<std::optional<decltype(read(std::declval<Columns&>()))>> {
  using Item = decltype(read(std::declval<Columns&>()));
  auto items = all_rows(std::move(query), read);
  if (!items) return items.error();
  return items->empty() ? std::optional<Item>() : std::optional<Item>(std::move(items->front()));
}

/// A key as cursors have it, a UUID or a number, and back.
template <class AnyId>
std::string cursor_of(const AnyId& id) {
  return id.text();
}
std::string cursor_of(std::int64_t number) {
  return std::to_string(number);
}
template <class AnyId>
std::optional<AnyId> parse_cursor(std::string_view text, AnyId) {
  return AnyId::parse(text);
}
std::optional<std::int64_t> parse_cursor(std::string_view text, std::int64_t number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The key that the page comes after: the cursor's, or `first` where there is none.
template <class AnyKey>
Result<AnyKey> key_before(const PageRequest& page, AnyKey first) {
  if (page.cursor.empty()) return first;
  if (const auto key = parse_cursor(page.cursor, first)) return *key;
  return Error{ErrorCode::invalid, "the cursor '" + page.cursor + "' is none that a page gave",
               "leave it out to begin with the first page"};
}

/// Beyond every identifier of version 7: where lists that begin with the newest start.
template <class AnyId>
AnyId newest() {
  AnyId id;
  id.bytes.fill(0xff);
  return id;
}

/// Turns limit + 1 rows, where there are so many, into a page with the key of its last item.
template <class T, class Key>
Result<Page<T>> page_of(Result<std::vector<T>> items, std::size_t limit, Key T::*key) {
  if (!items) return items.error();
  Page<T> page{std::move(*items), ""};
  if (page.items.size() > limit) {
    page.items.resize(limit);
    if (limit > 0) page.next = cursor_of(page.items.back().*key);
  }
  return page;
}

// Rows in two parts, as the tables have them: what a list shows, and the big texts.
const std::string kRunSummary =
    "id, workflow, version, status, epoch, trigger_kind, delivery, created_at, started_at, "
    "finished_at, wake_at, deadline, cancel_requested, failure_kind, failure_message, failure_step";
const std::string kRunTexts = ", trigger_json, inputs_json, output_json";
const std::string kDeliverySummary = "id, received_at, path, workflow, connector, event, sender_id";
const std::string kDeliveryTexts = ", query_json, headers_json, body";

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
  return run;
}

Run whole_run(Columns& columns) {
  auto run = run_summary(columns);
  run.trigger_json = columns.packed();
  run.inputs_json = columns.packed();
  run.output_json = columns.packed();
  return run;
}

Delivery delivery_summary(Columns& columns) {
  Delivery delivery;
  delivery.id = columns.id<DeliveryId>();
  delivery.received_at = columns.instant();
  delivery.path = columns.text();
  delivery.workflow = columns.text();
  delivery.connector = columns.text();
  delivery.event = columns.text();
  delivery.sender_id = columns.text();
  return delivery;
}

Delivery whole_delivery(Columns& columns) {
  auto delivery = delivery_summary(columns);
  delivery.query_json = columns.packed();
  delivery.headers_json = columns.packed();
  delivery.body = columns.packed();
  return delivery;
}

/// The statuses as bits, so that one statement serves every combination.
std::int64_t mask_of(const std::vector<RunStatus>& statuses) {
  std::int64_t mask = 0;
  for (const auto status : statuses) mask |= std::int64_t{1} << static_cast<int>(status);
  return mask;
}

bool none_is_final(const std::vector<RunStatus>& statuses) {
  return !statuses.empty() &&
         std::ranges::none_of(statuses, [](RunStatus status) { return is_final(status); });
}

}  // namespace

Result<std::optional<WorkflowVersion>> find_version(Database& database, const VersionHash& hash) {
  const Blob key{{reinterpret_cast<const char*>(hash.data()), hash.size()}};
  return one_row(
      database.query("SELECT workflow, definition_json FROM versions WHERE hash = ?", key),
      [&](Columns& columns) {
        WorkflowVersion version;
        version.hash = hash;
        version.workflow = columns.text();
        version.definition_json = columns.packed();
        return version;
      });
}

Result<std::optional<Run>> find_run(Database& database, RunId id) {
  return one_row(
      database.query("SELECT " + kRunSummary + kRunTexts + " FROM runs WHERE id = ?", id),
      whole_run);
}

Result<Page<Run>> list_runs(Database& database, const RunFilter& filter, const PageRequest& page) {
  const auto before = key_before(page, newest<RunId>());
  if (!before) return before.error();
  std::string sql = "SELECT " + kRunSummary + " FROM runs";
  if (!filter.delivery && none_is_final(filter.statuses)) {
    sql += " INDEXED BY runs_unfinished WHERE status IN (0, 1, 2, 6) AND id < ?1";
  } else {
    sql += " WHERE id < ?1";
  }
  if (filter.delivery) sql += " AND delivery = ?2";
  if (!filter.workflow.empty()) sql += " AND workflow = ?3";
  if (!filter.statuses.empty()) sql += " AND (1 << status) & ?4";
  sql += " ORDER BY id DESC LIMIT ?5";
  return page_of(all_rows(database.query(sql, *before, filter.delivery, filter.workflow,
                                         mask_of(filter.statuses), page.limit + 1),
                          run_summary),
                 page.limit, &Run::id);
}

Result<Page<Run>> unfinished_runs(Database& database, const PageRequest& page) {
  const auto after = key_before(page, RunId{});
  if (!after) return after.error();
  return page_of(
      all_rows(database.query("SELECT " + kRunSummary +
                                  " FROM runs INDEXED BY runs_unfinished "
                                  "WHERE status IN (0, 1, 2, 6) AND id > ? ORDER BY id LIMIT ?",
                              *after, page.limit + 1),
               run_summary),
      page.limit, &Run::id);
}

Result<std::vector<Step>> steps_of(Database& database, RunId run,
                                   const std::optional<std::vector<std::string>>& results_of) {
  // The keys with a line break before and behind each: none has one in it.
  std::string wanted = "\n";
  if (results_of) {
    for (const auto& key : *results_of) wanted += key + "\n";
  }
  return all_rows(
      database.query(
          "SELECT key, position, status, attempt, effect, started_at, "
          "attempt_started_at, finished_at, due_at, failure_kind, failure_message, "
          "failure_step, CASE WHEN ?2 OR instr(?3, char(10) || key || char(10)) "
          "THEN result_json ELSE '' END FROM steps WHERE run = ?1 ORDER BY position, key",
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

Result<std::optional<Delivery>> find_delivery(Database& database, DeliveryId id) {
  return one_row(
      database.query(
          "SELECT " + kDeliverySummary + kDeliveryTexts + " FROM deliveries WHERE id = ?", id),
      whole_delivery);
}

Result<Page<Delivery>> list_deliveries(Database& database, const DeliveryFilter& filter,
                                       const PageRequest& page) {
  const auto before = key_before(page, newest<DeliveryId>());
  if (!before) return before.error();
  std::string sql = "SELECT " + kDeliverySummary + " FROM deliveries WHERE id < ?1";
  if (!filter.workflow.empty()) sql += " AND workflow = ?2";
  if (!filter.event.empty()) sql += " AND event = ?3";
  sql += " ORDER BY id DESC LIMIT ?4";
  return page_of(
      all_rows(database.query(sql, *before, filter.workflow, filter.event, page.limit + 1),
               delivery_summary),
      page.limit, &Delivery::id);
}

Result<Page<Rejection>> list_rejections(Database& database, const PageRequest& page) {
  const auto before = key_before(page, std::numeric_limits<std::int64_t>::max());
  if (!before) return before.error();
  return page_of(
      all_rows(database.query("SELECT id, at, path, peer, status, reason FROM rejections "
                              "WHERE id < ? ORDER BY id DESC LIMIT ?",
                              *before, page.limit + 1),
               [](Columns& columns) {
                 Rejection rejection;
                 rejection.id = columns.integer();
                 rejection.at = columns.instant();
                 rejection.path = columns.text();
                 rejection.peer = columns.text();
                 rejection.status = static_cast<int>(columns.integer());
                 rejection.reason = columns.text();
                 return rejection;
               }),
      page.limit, &Rejection::id);
}

Result<std::optional<Instant>> last_slot_of(Database& database, std::string_view schedule) {
  return one_row(database.query("SELECT slot FROM schedule_slots WHERE schedule = ? "
                                "ORDER BY slot DESC LIMIT 1",
                                schedule),
                 [](Columns& columns) { return columns.instant(); });
}

Result<std::vector<Credential>> list_credentials(Database& database) {
  return all_rows(
      database.query("SELECT id, name, connector, scheme, base_url, version, wrapped_key, sealed, "
                     "created_at, updated_at FROM credentials ORDER BY name"),
      [](Columns& columns) {
        Credential credential;
        credential.id = columns.id<CredentialId>();
        credential.name = columns.text();
        credential.connector = columns.text();
        credential.scheme = columns.text();
        credential.base_url = columns.text();
        credential.version = columns.integer();
        credential.wrapped_key = columns.blob();
        credential.sealed = columns.blob();
        credential.created_at = columns.instant();
        credential.updated_at = columns.instant();
        return credential;
      });
}

}  // namespace tba::storage
