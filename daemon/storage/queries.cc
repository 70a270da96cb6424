#include "daemon/storage/queries.h"

#include <limits>

#include "daemon/storage/rows.h"

namespace tba::storage {
namespace {

const std::string kDeliverySummary =
    "id, received_at, path, workflow, connector, event, sender_id, coalesce(reason, '')";
const std::string kDeliveryTexts = ", query_json, headers_json, body, method";
const std::string kDeliveries = " FROM deliveries LEFT JOIN unmatched ON delivery = id";
const std::string kUnmatched = " FROM unmatched CROSS JOIN deliveries ON id = delivery";

Delivery delivery_summary(Columns& columns) {
  Delivery delivery;
  delivery.id = columns.id<DeliveryId>();
  delivery.received_at = columns.instant();
  delivery.path = columns.text();
  delivery.workflow = columns.text();
  delivery.connector = columns.text();
  delivery.event = columns.text();
  delivery.sender_id = columns.text();
  delivery.unmatched = columns.text();
  return delivery;
}

Delivery whole_delivery(Columns& columns) {
  auto delivery = delivery_summary(columns);
  delivery.query_json = columns.packed();
  delivery.headers_json = columns.packed();
  delivery.body = columns.packed();
  delivery.method = columns.text();
  return delivery;
}

}  // namespace

Result<std::optional<Delivery>> find_delivery(Database& database, DeliveryId id) {
  return one_row(
      database.query("SELECT " + kDeliverySummary + kDeliveryTexts + kDeliveries + " WHERE id = ?",
                     id),
      whole_delivery);
}

Result<Page<Delivery>> list_deliveries(Database& database, const DeliveryFilter& filter,
                                       const PageRequest& page) {
  const auto before = key_before(page, newest<DeliveryId>());
  if (!before) return before.error();
  const bool only_unmatched = filter.unmatched == true;
  const std::string key = only_unmatched ? "delivery" : "id";
  std::string sql = "SELECT " + kDeliverySummary + (only_unmatched ? kUnmatched : kDeliveries) +
                    " WHERE " + key + " < ?1";
  if (filter.unmatched == false) sql += " AND reason IS NULL";
  if (!filter.workflow.empty()) sql += " AND workflow = ?2";
  if (!filter.event.empty()) sql += " AND event = ?3";
  sql += " ORDER BY " + key + " DESC LIMIT ?4";
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

Result<std::vector<ScheduleMark>> list_schedules(Database& database) {
  return all_rows(
      database.query("SELECT schedule, seen_at, (SELECT max(slot) FROM schedule_slots "
                     "WHERE schedule_slots.schedule = schedules.schedule) FROM schedules "
                     "ORDER BY schedule"),
      [](Columns& columns) {
        ScheduleMark mark;
        mark.schedule = columns.text();
        mark.seen_at = columns.instant();
        mark.last_slot = columns.optional_instant();
        return mark;
      });
}

Result<std::vector<ClosedLimit>> list_closed_limits(Database& database) {
  return all_rows(database.query("SELECT key, until FROM closed_limits ORDER BY key"),
                  [](Columns& columns) {
                    ClosedLimit limit;
                    limit.key = columns.text();
                    limit.until = columns.instant();
                    return limit;
                  });
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

Result<std::vector<Signal>> signals_for(Database& database, RunId run) {
  return all_rows(
      database.query("SELECT s.id, s.step, s.at, s.kind, coalesce(e.data_json, s.data_json) "
                     "FROM signals AS s LEFT JOIN events AS e ON e.id = s.id AND s.kind = 'event' "
                     "WHERE s.run = ? ORDER BY s.at, s.id, s.step",
                     run),
      [&](Columns& columns) {
        Signal signal;
        signal.run = run;
        signal.id = columns.id<SignalId>();
        signal.step = columns.text();
        signal.at = columns.instant();
        signal.kind = columns.text();
        signal.data_json = columns.packed();
        return signal;
      });
}

Result<Page<RunId>> list_signalled_runs(Database& database, const PageRequest& page) {
  const auto after = key_before(page, RunId{});
  if (!after) return after.error();
  return page_of(
      all_rows(database.query("SELECT DISTINCT run FROM signals WHERE run > ? ORDER BY run LIMIT ?",
                              *after, page.limit + 1),
               [](Columns& columns) { return columns.id<RunId>(); }),
      page.limit, std::identity());
}

Result<Page<RunId>> list_signals_of(Database& database, EventId event, const PageRequest& page) {
  const auto after = key_before(page, RunId{});
  if (!after) return after.error();
  return page_of(all_rows(database.query("SELECT DISTINCT run FROM signals WHERE id = ? "
                                         "AND run > ? AND kind = 'event' ORDER BY run LIMIT ?",
                                         event, *after, page.limit + 1),
                          [](Columns& columns) { return columns.id<RunId>(); }),
                 page.limit, std::identity());
}

Result<Page<Event>> list_events(Database& database, const EventFilter& filter,
                                const PageRequest& page) {
  const auto before = key_before(page, newest<EventId>());
  if (!before) return before.error();
  std::string sql = "SELECT id, at, name, source, data_json FROM events WHERE id < ?1";
  if (!filter.name.empty()) sql += " AND name = ?2";
  sql += " ORDER BY id DESC LIMIT ?3";
  return page_of(all_rows(database.query(sql, *before, filter.name, page.limit + 1),
                          [](Columns& columns) {
                            Event event;
                            event.id = columns.id<EventId>();
                            event.at = columns.instant();
                            event.name = columns.text();
                            event.source = columns.text();
                            event.data_json = columns.packed();
                            return event;
                          }),
                 page.limit, &Event::id);
}

Result<std::optional<CacheEntry>> find_cached(Database& database, std::string_view workflow,
                                              std::string_view step, std::string_view key,
                                              Instant now) {
  return one_row(database.query("SELECT expires_at, result_json FROM cache WHERE workflow = ? "
                                "AND step = ? AND key = ? AND expires_at > ?",
                                workflow, step, key, now),
                 [&](Columns& columns) {
                   CacheEntry entry;
                   entry.workflow = workflow;
                   entry.step = step;
                   entry.key = key;
                   entry.expires_at = columns.instant();
                   entry.result_json = columns.packed();
                   return entry;
                 });
}

Result<std::optional<PollState>> find_poll_state(Database& database, std::string_view poll) {
  return one_row(database.query("SELECT polled_at, cursor_json FROM polls WHERE poll = ?", poll),
                 [&](Columns& columns) {
                   PollState state;
                   state.poll = poll;
                   state.polled_at = columns.instant();
                   state.cursor_json = columns.packed();
                   return state;
                 });
}

Result<std::vector<std::string>> unseen_of(Database& database, std::string_view poll,
                                           std::vector<std::string> keys) {
  std::vector<std::string> unseen;
  for (auto& key : keys) {
    auto item = database.query("SELECT 1 FROM poll_items WHERE poll = ? AND key = ?", poll, key);
    const auto seen = item.next();
    if (!seen) return seen.error();
    if (!*seen) unseen.push_back(std::move(key));
  }
  return unseen;
}

}  // namespace tba::storage
