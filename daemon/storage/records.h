#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/run.h"
#include "shared/uuid.h"

/// What is stored, as plain data. Texts named `…_json` hold compact JSON; the store compresses what
/// is worth it and gives it back as it was.
namespace tba::storage {

/// The content hash (BLAKE2b-256) of a workflow with the connectors it uses.
using VersionHash = std::array<std::uint8_t, 32>;

/// A workflow exactly as it was when a run began, so that the run can go on with it whatever the
/// files say by then.
struct WorkflowVersion {
  VersionHash hash{};
  std::string workflow;         ///< The workflow's name.
  std::string definition_json;  ///< {"path", "text", "connectors": {name: text}}
};

/// One inbound webhook request, kept in the inbox.
struct Delivery {
  DeliveryId id;
  Instant received_at;
  std::string path;       ///< Below /hooks/, as requested.
  std::string workflow;   ///< That the path belongs to.
  std::string connector;  ///< Empty where the trigger names none.
  std::string event;      ///< As the connector's definition finds it ("issues.opened"), or empty.
  std::string sender_id;  ///< The sender's delivery id, or empty: then it is not deduplicated.
  std::string headers_json;    ///< Without secrets and signatures.
  std::string query_json;      ///< Object of the query's parameters.
  std::string body;            ///< The raw bytes.
  std::string method = {};     ///< "POST"
  std::string unmatched = {};  ///< Why no trigger took it, as a sentence; empty where one did.
};

/// A request that was turned away; a bounded number of these is kept, without bodies.
struct Rejection {
  Instant at;
  std::string path;
  std::string peer;
  int status = 0;
  std::string reason;
  std::int64_t id = 0;  ///< Counts up; given by the store.
};

/// Why a run or a step failed: what `.error` shows.
struct Failure {
  std::string
      kind;  ///< "expression", "http_status", "network", "timeout", "exit_code", "credential", …
  std::string message;  ///< A sentence.
  std::string step;     ///< The key of the failing step, or empty.

  bool operator==(const Failure&) const = default;
};

/// One execution of a workflow.
struct Run {
  RunId id;
  std::string workflow;
  VersionHash version{};
  RunStatus status = RunStatus::queued;
  RunPhase phase = RunPhase::steps;
  std::string trigger_kind;  ///< "webhook", "schedule", "manual", …
  std::string trigger_json;  ///< `.trigger`; without what the delivery holds, where there is one.
  std::optional<DeliveryId> delivery;  ///< That started it.
  std::optional<RunId> parent;         ///< That started it as a sub-run.
  std::string parent_step;             ///< The key of the parent's step that did, or empty.
  int depth = 0;                       ///< How many parents are above it.
  std::optional<RunId> retry_of;       ///< That it was made from, to be tried anew.
  std::string concurrency_key;  ///< Runs of a workflow with the same one share its limit, or empty.
  std::string inputs_json;      ///< Object; defaults filled in.
  Instant created_at;
  std::optional<Instant> started_at;
  std::optional<Instant> finished_at;
  std::optional<Instant> wake_at;   ///< When a parked run is due.
  std::optional<Instant> deadline;  ///< When the run's own timeout ends it.
  std::string output_json;          ///< Of the workflow's `output`; empty until it succeeded.
  std::optional<Failure> failure;
  bool cancel_requested = false;
  int crashes = 0;       ///< How often a daemon died while it was under way, since it last got on.
  int solo_crashes = 0;  ///< How many of those met it on trial alone.
  int trial_size = 0;    ///< How many are on trial together with it, itself among them, or 0.
  std::int64_t epoch = 0;  ///< Counts the writes of its row; see Store.
};

/// One step of a run, the attempts it took and what it left. The row is written before the first
/// attempt acts.
struct Step {
  RunId run;
  std::string key;   ///< The step's id, unique within the run.
  int position = 0;  ///< Order of beginning, for display.
  StepStatus status = StepStatus::running;
  int attempt = 1;                 ///< The one in flight, or the last.
  Effect effect = Effect::repeat;  ///< Which rule holds for the attempt in flight.
  Instant started_at;              ///< Of the first attempt.
  Instant attempt_started_at;      ///< Of this attempt.
  std::optional<Instant> finished_at;
  std::optional<Instant> due_at;  ///< Of a waiting step.
  std::string result_json;  ///< `.steps.<id>` but for outcome and error; empty until it ended.
  std::string memo_json;    ///< What it needs to go on, while it is under way; empty once it ended.
  std::optional<Failure> failure;  ///< Of the last attempt.
};

/// A line of a run's log.
struct LogLine {
  RunId run;
  std::int64_t sequence =
      0;  ///< Counts within the run; given by the store when read, ignored when written.
  Instant at;
  std::string step;    ///< Or empty.
  std::string stream;  ///< "stdout", "stderr", "engine"
  std::string text;
};

/// Something that reached a run from outside while it waited: written with its cause, removed with
/// the transition of the run that takes it. So it is lost in no crash.
struct Signal {
  SignalId id;  ///< Unique among those for the same step of the same run.
  RunId run;
  Instant at;
  std::string kind;  ///< "cancel", "sub-run", "event", "approval", "resume"
  std::string step;  ///< The key of the step that it is for, or empty.
  std::string data_json;
};

/// A step of a run that waits for events of that name.
struct Subscription {
  std::string event;
  RunId run;
  std::string step;  ///< Its key; a step waits for one name.
};

/// An event that was emitted.
struct Event {
  EventId id;
  Instant at;
  std::string name;
  std::string source;  ///< Who emitted it.
  std::string data_json;
};

/// A step's result, kept for later runs.
struct CacheEntry {
  std::string workflow;
  std::string step;
  std::string key;
  Instant expires_at;
  std::string result_json;
};

/// How far a poll has come.
struct PollState {
  std::string poll;  ///< "<workflow>/<trigger index>"
  std::string cursor_json;
  Instant polled_at;
};

/// An item that a poll has found and dealt with.
struct PollItem {
  std::string poll;
  std::string key;
  Instant seen_at;
};

/// A count of an API that lets nothing be asked before an instant.
struct ClosedLimit {
  std::string key;  ///< A hash of what is counted.
  Instant until;
};

/// The slot of a schedule for which a run was made: one row for each, whoever restarts when. Rows
/// of long ago go.
struct ScheduleSlot {
  std::string schedule;  ///< schedule_key()
  Instant slot;
};

/// How far a schedule has come.
struct ScheduleMark {
  std::string schedule;  ///< schedule_key()
  Instant seen_at;       ///< When a daemon met it for the first time.
  std::optional<Instant> last_slot;
};

/// A sealed credential. The store knows nothing of its insides.
struct Credential {
  CredentialId id;
  std::string name;
  std::string connector;  ///< Empty for one that no connector describes.
  std::string scheme;     ///< The name of the auth scheme within the connector.
  std::string base_url;   ///< Overrides the connector's, or empty.
  std::int64_t version = 1;
  std::string wrapped_key;  ///< The credential's data key, sealed by the master key.
  std::string sealed;       ///< Its fields, sealed by the data key.
  Instant created_at;
  Instant updated_at;
};

}  // namespace tba::storage
