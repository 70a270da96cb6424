#include "daemon/storage/change_writer.h"

#include <utility>

#include "daemon/storage/compression.h"
#include "daemon/storage/queries.h"
#include "daemon/storage/rows.h"

namespace tba::storage {
namespace {

constexpr std::int64_t kKeptRejections = 1000;
constexpr std::int64_t kKeptSlots = 1000;  // of each schedule

// --- packing

void pack_in_place(std::string& text) {
  text = pack(std::string_view(text));
}

void pack_texts(PutVersion& write) {
  pack_in_place(write.version.definition_json);
}
void pack_texts(AddDelivery& write) {
  pack_in_place(write.delivery.query_json);
  pack_in_place(write.delivery.headers_json);
  pack_in_place(write.delivery.body);
}
void pack_texts(AddRun& write) {
  pack_in_place(write.run.trigger_json);
  pack_in_place(write.run.inputs_json);
  pack_in_place(write.run.output_json);
}
void pack_texts(UpdateRun& write) {
  pack_in_place(write.run.output_json);
}
void pack_texts(PutStep& write) {
  pack_in_place(write.step.result_json);
  pack_in_place(write.step.memo_json);
}
void pack_texts(AppendLog& write) {
  pack_in_place(write.line.text);
}
void pack_texts(AddSignal& write) {
  pack_in_place(write.signal.data_json);
}
void pack_texts(AddEvent& write) {
  pack_in_place(write.event.data_json);
}
void pack_texts(PutCache& write) {
  pack_in_place(write.entry.result_json);
}
void pack_texts(PutPollState& write) {
  pack_in_place(write.state.cursor_json);
}
template <class Other>
void pack_texts(Other&) {}  // has only small texts, or sealed ones that do not shrink

// --- writing. Each gives Committed, or why the change is refused.

/// The columns of a failure, NULL where there is none.
struct FailureColumns {
  explicit FailureColumns(const std::optional<Failure>& failure) {
    if (!failure) return;
    kind = failure->kind;
    message = failure->message;
    step = failure->step;
  }
  std::optional<std::string_view> kind, message, step;
};

/// Committed where a row was changed, else `refusal`.
Result<Outcome> committed_if_changed(const Result<std::int64_t>& rows, Outcome refusal) {
  if (!rows) return rows.error();
  return *rows > 0 ? Outcome(Committed{}) : std::move(refusal);
}

Result<Outcome> committed(const Result<std::int64_t>& rows) {
  if (!rows) return rows.error();
  return Outcome(Committed{});
}

Result<Outcome> write(Database& database, const PutVersion& put) {
  return committed(database.execute(
      "INSERT INTO versions (hash, workflow, definition_json) VALUES (?, ?, ?) "
      "ON CONFLICT DO NOTHING",
      blob_of(put.version.hash), put.version.workflow, Blob{put.version.definition_json}));
}

Result<Outcome> write(Database& database, const RemoveVersion& remove) {
  return committed(database.execute("DELETE FROM versions WHERE hash = ?", blob_of(remove.hash)));
}

/// What the delivery with the same path and sender's id started.
Result<Outcome> duplicate_of(Database& database, const Delivery& delivery) {
  auto first = database.query("SELECT delivery FROM delivery_ids WHERE path = ? AND sender_id = ?",
                              delivery.path, delivery.sender_id);
  if (auto row = first.next(); !row) return row.error();
  Duplicate duplicate{uuid_of<DeliveryId>(first.blob(0)), {}};
  auto runs =
      database.query("SELECT id FROM runs WHERE delivery = ? ORDER BY id", duplicate.delivery);
  for (;;) {
    const auto row = runs.next();
    if (!row) return row.error();
    if (!*row) return Outcome(std::move(duplicate));
    duplicate.runs.push_back(uuid_of<RunId>(runs.blob(0)));
  }
}

Result<Outcome> write(Database& database, const AddDelivery& add) {
  const auto& delivery = add.delivery;
  if (!delivery.sender_id.empty()) {
    const auto taken = database.execute(
        "INSERT INTO delivery_ids (path, sender_id, delivery, received_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        delivery.path, delivery.sender_id, delivery.id, delivery.received_at);
    if (!taken) return taken.error();
    if (*taken == 0) return duplicate_of(database, delivery);
  }
  const auto added = database.execute(
      "INSERT INTO deliveries (id, received_at, path, workflow, connector, event, sender_id, "
      "query_json, headers_json, body, method) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      delivery.id, delivery.received_at, delivery.path, delivery.workflow, delivery.connector,
      delivery.event, delivery.sender_id, Blob{delivery.query_json}, Blob{delivery.headers_json},
      Blob{delivery.body}, delivery.method);
  if (!added || delivery.unmatched.empty()) return committed(added);
  return committed(database.execute("INSERT INTO unmatched (delivery, reason) VALUES (?, ?)",
                                    delivery.id, delivery.unmatched));
}

Result<Outcome> write(Database& database, const AddRejection& add) {
  const auto& rejection = add.rejection;
  const auto added = database.execute(
      "INSERT INTO rejections (at, path, peer, status, reason) VALUES (?, ?, ?, ?, ?)",
      rejection.at, rejection.path, rejection.peer, rejection.status, rejection.reason);
  if (!added) return added.error();
  return committed(database.execute(
      "DELETE FROM rejections WHERE id <= (SELECT max(id) FROM rejections) - ?", kKeptRejections));
}

Result<Outcome> write(Database& database, const AddRun& add) {
  const auto& run = add.run;
  const FailureColumns failure(run.failure);
  return committed(database.execute(
      "INSERT INTO runs (id, workflow, version, status, epoch, trigger_kind, delivery, created_at, "
      "started_at, finished_at, wake_at, deadline, cancel_requested, failure_kind, "
      "failure_message, failure_step, trigger_json, inputs_json, output_json, phase, crashes, "
      "solo_crashes, trial_size, depth, parent, parent_step, retry_of, concurrency_key) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      run.id, run.workflow, blob_of(run.version), run.status, run.epoch, run.trigger_kind,
      run.delivery, run.created_at, run.started_at, run.finished_at, run.wake_at, run.deadline,
      run.cancel_requested, failure.kind, failure.message, failure.step, Blob{run.trigger_json},
      Blob{run.inputs_json}, Blob{run.output_json}, run.phase, run.crashes, run.solo_crashes,
      run.trial_size, run.depth, run.parent, run.parent_step, run.retry_of, run.concurrency_key));
}

Result<Outcome> write(Database& database, const UpdateRun& update) {
  const auto& run = update.run;
  const FailureColumns failure(run.failure);
  return committed_if_changed(
      database.execute(
          "UPDATE runs SET status = ?, started_at = ?, finished_at = ?, wake_at = ?, deadline = ?, "
          "cancel_requested = ?, failure_kind = ?, failure_message = ?, failure_step = ?, "
          "output_json = ?, phase = ?, crashes = ?, solo_crashes = ?, trial_size = ?, epoch = "
          "epoch + 1 WHERE id = ? AND epoch = ?",
          run.status, run.started_at, run.finished_at, run.wake_at, run.deadline,
          run.cancel_requested, failure.kind, failure.message, failure.step, Blob{run.output_json},
          run.phase, run.crashes, run.solo_crashes, run.trial_size, run.id, run.epoch),
      LostOwnership{});
}

// Written out, the statuses tell SQLite that its index of unfinished runs will do.
Result<Outcome> write(Database& database, const CountCrash&) {
  return committed(database.execute(
      "UPDATE runs SET crashes = crashes + 1, solo_crashes = solo_crashes + (trial_size = 1), "
      "trial_size = 0 WHERE status = 1 AND status IN (0, 1, 2, 6)"));
}

Result<Outcome> write(Database& database, const ForgiveCrash&) {
  return committed(
      database.execute("UPDATE runs SET crashes = crashes - 1, trial_size = 0 "
                       "WHERE status = 1 AND status IN (0, 1, 2, 6)"));
}

Result<Outcome> write(Database& database, const PutOnTrial& put) {
  return committed(
      database.execute("UPDATE runs SET trial_size = ? WHERE id = ?", put.size, put.run));
}

Result<Outcome> write(Database& database, const PutStep& put) {
  const auto& step = put.step;
  const FailureColumns failure(step.failure);
  return committed(database.execute(
      "INSERT OR REPLACE INTO steps (run, key, position, status, attempt, effect, started_at, "
      "attempt_started_at, finished_at, due_at, failure_kind, failure_message, failure_step, "
      "result_json, memo_json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      step.run, step.key, step.position, step.status, step.attempt, step.effect, step.started_at,
      step.attempt_started_at, step.finished_at, step.due_at, failure.kind, failure.message,
      failure.step, Blob{step.result_json}, Blob{step.memo_json}));
}

Result<Outcome> write(Database& database, const AppendLog& append) {
  const auto& line = append.line;
  return committed(database.execute(
      "INSERT INTO logs (run, sequence, at, step, stream, text) "
      "SELECT ?1, coalesce(max(sequence), 0) + 1, ?2, ?3, ?4, ?5 FROM logs WHERE run = ?1",
      line.run, line.at, line.step, line.stream, Blob{line.text}));
}

Result<Outcome> write(Database& database, const AddSignal& add) {
  const auto& signal = add.signal;
  return committed_if_changed(
      database.execute("INSERT INTO signals (run, id, step, at, kind, data_json) "
                       "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                       signal.run, signal.id, signal.step, signal.at, signal.kind,
                       Blob{signal.data_json}),
      Conflict{"this signal of the run " + signal.run.text() + " is there already"});
}

Result<Outcome> write(Database& database, const RemoveSignal& remove) {
  return committed(database.execute("DELETE FROM signals WHERE run = ? AND id = ? AND step = ?",
                                    remove.run, remove.id, remove.step));
}

Result<Outcome> write(Database& database, const PutSubscription& put) {
  const auto& subscription = put.subscription;
  return committed(
      database.execute("INSERT OR REPLACE INTO subscriptions (run, step, event) VALUES (?, ?, ?)",
                       subscription.run, subscription.step, subscription.event));
}

Result<Outcome> write(Database& database, const RemoveSubscription& remove) {
  return committed(database.execute("DELETE FROM subscriptions WHERE run = ? AND step = ?",
                                    remove.run, remove.step));
}

Result<Outcome> write(Database& database, const AddEvent& add) {
  const auto& event = add.event;
  const auto added = database.execute(
      "INSERT INTO events (id, at, name, source, data_json) VALUES (?, ?, ?, ?, ?)", event.id,
      event.at, event.name, event.source, Blob{event.data_json});
  if (!added) return added.error();
  // However many wait for it, the data is kept once: it is read from the event.
  return committed(
      database.execute("INSERT INTO signals (run, id, step, at, kind, data_json) "
                       "SELECT run, ?1, step, ?2, 'event', x'' FROM subscriptions WHERE event = ?3",
                       event.id, event.at, event.name));
}

Result<Outcome> write(Database& database, const PutCache& put) {
  const auto& entry = put.entry;
  return committed(database.execute(
      "INSERT OR REPLACE INTO cache (workflow, step, key, expires_at, result_json) "
      "VALUES (?, ?, ?, ?, ?)",
      entry.workflow, entry.step, entry.key, entry.expires_at, Blob{entry.result_json}));
}

Result<Outcome> write(Database& database, const PutPollState& put) {
  const auto& state = put.state;
  return committed(
      database.execute("INSERT OR REPLACE INTO polls (poll, polled_at, cursor_json) "
                       "VALUES (?, ?, ?)",
                       state.poll, state.polled_at, Blob{state.cursor_json}));
}

Result<Outcome> write(Database& database, const AddPollItem& add) {
  return committed_if_changed(
      database.execute("INSERT INTO poll_items (poll, key, seen_at) VALUES (?, ?, ?) "
                       "ON CONFLICT DO NOTHING",
                       add.item.poll, add.item.key, add.item.seen_at),
      Conflict{"the poll '" + add.item.poll + "' has seen the item '" + add.item.key +
               "' already"});
}

Result<Outcome> write(Database& database, const PutClosedLimit& put) {
  const auto gone = database.execute("DELETE FROM closed_limits WHERE until <= ?", put.now);
  if (!gone) return gone.error();
  return committed(
      database.execute("INSERT OR REPLACE INTO closed_limits (key, until) VALUES (?, ?)",
                       put.limit.key, put.limit.until));
}

Result<Outcome> write(Database& database, const AddSchedule& add) {
  return committed(
      database.execute("INSERT INTO schedules (schedule, seen_at) VALUES (?, ?) "
                       "ON CONFLICT DO NOTHING",
                       add.schedule, add.seen_at));
}

Result<Outcome> write(Database& database, const AddSlot& add) {
  const auto& [schedule, slot] = add.slot;
  const auto taken = database.execute(
      "INSERT INTO schedule_slots (schedule, slot) VALUES (?, ?) ON CONFLICT DO NOTHING", schedule,
      slot);
  if (!taken) return taken.error();
  if (*taken == 0) {
    return Outcome(Conflict{"this slot of the schedule '" + schedule + "' was taken already"});
  }
  return committed(database.execute(
      "DELETE FROM schedule_slots WHERE schedule = ?1 AND slot <= (SELECT slot FROM "
      "schedule_slots WHERE schedule = ?1 ORDER BY slot DESC LIMIT 1 OFFSET ?2)",
      schedule, kKeptSlots));
}

Result<Outcome> write(Database& database, const PutCredential& put) {
  const auto& credential = put.credential;
  if (put.expected_version == 0) {
    return committed_if_changed(
        database.execute(
            "INSERT INTO credentials (name, id, connector, scheme, base_url, version, created_at, "
            "updated_at, wrapped_key, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            credential.name, credential.id, credential.connector, credential.scheme,
            credential.base_url, credential.version, credential.created_at, credential.updated_at,
            Blob{credential.wrapped_key}, Blob{credential.sealed}),
        Conflict{"the credential '" + credential.name + "' exists already"});
  }
  return committed_if_changed(
      database.execute(
          "UPDATE credentials SET id = ?, connector = ?, scheme = ?, base_url = ?, version = ?, "
          "created_at = ?, updated_at = ?, wrapped_key = ?, sealed = ? "
          "WHERE name = ? AND version = ?",
          credential.id, credential.connector, credential.scheme, credential.base_url,
          credential.version, credential.created_at, credential.updated_at,
          Blob{credential.wrapped_key}, Blob{credential.sealed}, credential.name,
          put.expected_version),
      Conflict{"the credential '" + credential.name + "' has been changed or removed meanwhile"});
}

Result<Outcome> write(Database& database, const RemoveCredential& remove) {
  return committed_if_changed(
      database.execute("DELETE FROM credentials WHERE name = ?", remove.name),
      Conflict{"there is no credential '" + remove.name + "'"});
}

}  // namespace

PackedChange pack(Change change) {
  for (auto& write : change.writes) {
    std::visit([](auto& kind) { pack_texts(kind); }, write);
  }
  return {std::move(change.writes)};
}

Result<Outcome> apply(Database& database, const PackedChange& change) {
  for (const auto& each : change.writes) {
    auto outcome = std::visit([&](const auto& kind) { return write(database, kind); }, each);
    if (!outcome) {
      // A row with that key is there: an id was given twice.
      if (outcome.error().code != ErrorCode::conflict) return outcome;
      return Outcome(Conflict{outcome.error().message});
    }
    if (!std::holds_alternative<Committed>(*outcome)) return outcome;
  }
  return Outcome(Committed{});
}

}  // namespace tba::storage
