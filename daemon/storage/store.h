#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/storage/maintenance.h"
#include "daemon/storage/records.h"
#include "shared/error.h"

namespace tba::storage {

// --- what can be written
// -----------------------------------------------------------------------------------------------

/// Keeps a definition; one that is there already stays as it is.
struct PutVersion {
  WorkflowVersion version;
};
/// Adds a delivery. Where (path, sender_id) is known already, the whole change ends as Duplicate
/// and nothing is written.
struct AddDelivery {
  Delivery delivery;
};
struct AddRejection {
  Rejection rejection;
};
struct AddRun {
  Run run;
};
/// Replaces what changes in a run: status, phase, started_at, finished_at, wake_at, deadline,
/// output, failure, cancel_requested, crashes, solo_crashes and trial_size; the rest stays as it
/// was added. The row's epoch must be `run.epoch`, and is counted up; otherwise the whole change
/// ends as LostOwnership.
struct UpdateRun {
  Run run;
};
/// A daemon has died: counts one crash more for each run that is running, and one while alone for
/// each that was on trial alone; it is on trial no more. No epoch is looked at, or counted up.
struct CountCrash {};
/// What ends the daemon now is no crash: takes back, in advance, what the next CountCrash counts.
struct ForgiveCrash {};
/// The run is on trial, with as many as that, itself among them. Its epoch stays.
struct PutOnTrial {
  RunId run;
  int size = 1;
};
/// Adds or replaces a step's row.
struct PutStep {
  Step step;
};
struct AppendLog {
  LogLine line;
};
/// Removes a definition, if it is there.
struct RemoveVersion {
  VersionHash hash;
};
/// Adds a signal; Conflict where there is one of that id for that step.
struct AddSignal {
  Signal signal;
};
/// Removes a signal, if it is there.
struct RemoveSignal {
  RunId run;
  SignalId id;
  std::string step;
};
/// Lets a step wait for an event, instead of what it waited for.
struct PutSubscription {
  Subscription subscription;
};
/// Ends a step's waiting for an event, if it does.
struct RemoveSubscription {
  RunId run;
  std::string step;
};
/// Adds an event and, for each step that waits for its name, a signal of kind "event" with the
/// event's id, time and data.
struct AddEvent {
  Event event;
};
/// Adds or replaces the entry of that workflow, step and key.
struct PutCache {
  CacheEntry entry;
};
/// Adds or replaces a poll's state.
struct PutPollState {
  PollState state;
};
/// Adds an item. Where it is there already, the whole change ends as Conflict.
struct AddPollItem {
  PollItem item;
};
/// Adds a closed limit, or replaces the one of that key. Those that are over by `now` go.
struct PutClosedLimit {
  ClosedLimit limit;
  Instant now;
};
/// Remembers when a schedule was seen for the first time; a known one stays as it is.
struct AddSchedule {
  std::string schedule;
  Instant seen_at;
};
/// Adds a slot. Where it is there already, the whole change ends as Conflict.
/// Slots of that schedule which a thousand others have followed go.
struct AddSlot {
  ScheduleSlot slot;
};
/// Adds a credential, or replaces the one of that name if `expected_version` is what is stored;
/// otherwise Conflict. An expected version of 0 means that there must be none.
struct PutCredential {
  Credential credential;
  std::int64_t expected_version = 0;
};
/// Removes the credential of that name; Conflict where there is none.
struct RemoveCredential {
  std::string name;
};

using Write =
    std::variant<PutVersion, RemoveVersion, AddDelivery, AddRejection, AddRun, UpdateRun,
                 CountCrash, ForgiveCrash, PutOnTrial, PutStep, AppendLog, AddSignal, RemoveSignal,
                 PutSubscription, RemoveSubscription, AddEvent, PutCache, PutPollState, AddPollItem,
                 PutClosedLimit, AddSchedule, AddSlot, PutCredential, RemoveCredential>;

/// Writes that stand or fall together, carried out in order. Plain data: no time is taken, no id is
/// made inside.
struct Change {
  std::vector<Write> writes;
};

// --- how a change ended
// ------------------------------------------------------------------------------------------------

struct Committed {};  ///< On disk.
struct Duplicate {    ///< The sender's delivery id is known; what the first one started.
  DeliveryId delivery;
  std::vector<RunId> runs;
};
struct LostOwnership {};  ///< Somebody else has written the run since.
struct Conflict {         ///< A precondition failed.
  std::string what;
};

using Outcome = std::variant<Committed, Duplicate, LostOwnership, Conflict>;

// --- reading
// -----------------------------------------------------------------------------------------------------------

/// A page of a list, newest first; `next` is an opaque cursor, empty at the end.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next;
};

struct PageRequest {
  std::size_t limit = 50;
  std::string cursor;  ///< Page::next of the page before, or empty.
};

struct RunFilter {
  std::string workflow;                ///< Or empty: all.
  std::vector<RunStatus> statuses;     ///< Or empty: all.
  std::optional<DeliveryId> delivery;  ///< Only those that it started.
  std::optional<RunId> parent;         ///< Only its sub-runs.
  bool attention = false;  ///< Only those that wait for a person: interrupted ones, whatever
                           ///< `statuses` says.
};

/// A waiting run that is due at an instant.
struct Parked {
  Instant wake_at;
  RunId run;

  auto operator<=>(const Parked&) const = default;
};

struct DeliveryFilter {
  std::string workflow = {};
  std::string event = {};
  std::optional<bool> unmatched = {};  ///< Only those that no trigger took, or only the others.
};

struct EventFilter {
  std::string name;  ///< Or empty: all.
};

/// What the store has written since it was opened.
struct Statistics {
  std::uint64_t commits = 0;  ///< That wrote something: one fsync each.
  std::uint64_t changes = 0;  ///< Carried out, refused ones included.
  std::uint64_t rows = 0;     ///< Inserted, updated or deleted.
  std::uint64_t bytes = 0;    ///< Put into the log that is flushed.
};

/// Durable state: one interface for the embedded store and for a shared one.
///
/// A run belongs to who wrote it last. Each write counts the run's `epoch` up and says which epoch
/// it is based on; one that is based on an older epoch ends as LostOwnership and changes nothing.
///
/// Every function may be called from any thread and completes on the executor of the awaiting
/// coroutine. Errors: `unavailable` where the store cannot write now (no space, stopping),
/// `internal` where it is damaged.
class Store {
 public:
  virtual ~Store() = default;

  /// Carries out the change; completes when it is on disk (or is known not to be). Changes of
  /// concurrent callers share a commit, each stands or falls alone. Changes submitted one after the
  /// other from one thread are carried out in that order.
  virtual boost::asio::awaitable<Result<Outcome>> submit(Change change) = 0;

  virtual boost::asio::awaitable<Result<std::optional<WorkflowVersion>>> version(
      VersionHash hash) = 0;
  /// Those of the versions that are not kept, in their order.
  virtual boost::asio::awaitable<Result<std::vector<VersionHash>>> missing_versions(
      std::vector<VersionHash> hashes) = 0;
  virtual boost::asio::awaitable<Result<std::optional<Run>>> run(RunId id) = 0;
  virtual boost::asio::awaitable<Result<Page<Run>>> runs(
      RunFilter filter, PageRequest page) = 0;  ///< Without trigger, inputs and output.
  /// The sub-runs of a run, oldest first, without trigger, inputs and output.
  virtual boost::asio::awaitable<Result<std::vector<Run>>> children(RunId parent) = 0;
  /// The runs that were queued or running when they were last written, oldest first, without
  /// trigger, inputs and output.
  virtual boost::asio::awaitable<Result<Page<Run>>> runs_to_resume(PageRequest page) = 0;
  /// The runs that are queued, running or waiting and share a limit with others (concurrency_key),
  /// oldest first, without trigger, inputs and output.
  virtual boost::asio::awaitable<Result<Page<Run>>> limited_runs(PageRequest page) = 0;
  /// The waiting runs that are due after `after` and not after `until`, the soonest first.
  virtual boost::asio::awaitable<Result<std::vector<Parked>>> parked(Parked after, Instant until,
                                                                     std::size_t limit) = 0;
  virtual boost::asio::awaitable<Result<std::uint64_t>> waiting_count() = 0;
  /// The steps of a run by position. With `results_of` only those of these keys have results; those
  /// of the others are not even read.
  virtual boost::asio::awaitable<Result<std::vector<Step>>> steps(
      RunId run, std::optional<std::vector<std::string>> results_of = std::nullopt) = 0;
  virtual boost::asio::awaitable<Result<std::vector<LogLine>>> logs(RunId run,
                                                                    std::int64_t after_sequence,
                                                                    std::size_t limit) = 0;
  virtual boost::asio::awaitable<Result<std::optional<Delivery>>> delivery(DeliveryId id) = 0;
  virtual boost::asio::awaitable<Result<Page<Delivery>>> deliveries(
      DeliveryFilter filter, PageRequest page) = 0;  ///< Without headers and body.
  virtual boost::asio::awaitable<Result<Page<Rejection>>> rejections(PageRequest page) = 0;
  /// All schedules that were ever seen.
  virtual boost::asio::awaitable<Result<std::vector<ScheduleMark>>> schedules() = 0;

  /// The signals of a run that it has not taken, oldest first.
  virtual boost::asio::awaitable<Result<std::vector<Signal>>> signals(RunId run) = 0;
  /// The runs that have signals.
  virtual boost::asio::awaitable<Result<Page<RunId>>> signalled_runs(PageRequest page) = 0;
  /// The runs that have signals of this event.
  virtual boost::asio::awaitable<Result<Page<RunId>>> signals_of(EventId event,
                                                                 PageRequest page) = 0;
  virtual boost::asio::awaitable<Result<Page<Event>>> events(EventFilter filter,
                                                             PageRequest page) = 0;

  /// The entry, unless it has expired.
  virtual boost::asio::awaitable<Result<std::optional<CacheEntry>>> cached(std::string workflow,
                                                                           std::string step,
                                                                           std::string key,
                                                                           Instant now) = 0;
  virtual boost::asio::awaitable<Result<std::optional<PollState>>> poll_state(std::string poll) = 0;
  /// Those of the keys that the poll has no item of, in their order.
  virtual boost::asio::awaitable<Result<std::vector<std::string>>> unseen(
      std::string poll, std::vector<std::string> keys) = 0;

  /// Those of the limits that were ever closed which are not over for long.
  virtual boost::asio::awaitable<Result<std::vector<ClosedLimit>>> closed_limits() = 0;

  virtual boost::asio::awaitable<Result<std::vector<Credential>>>
  credentials() = 0;  ///< All, by name.

  /// What uses the space. Takes a while with millions of runs, and keeps nobody else waiting.
  virtual boost::asio::awaitable<Result<Usage>> usage() = 0;
  /// Removes a bite.
  virtual boost::asio::awaitable<Result<Pruned>> prune(Bite bite) = 0;
  /// The versions that no run uses, but may yet: those of the workflows in force are among them.
  virtual boost::asio::awaitable<Result<std::vector<VersionHash>>> unused_versions() = 0;
  /// Gives space that holds nothing back to the file system, at most about so many bytes; tells
  /// what is there then.
  virtual boost::asio::awaitable<Result<FileUsage>> give_back(std::uint64_t bytes) = 0;

  /// Copies everything, as it is now, into a new file that a store can be opened from; nobody is
  /// kept waiting. Errors: also `conflict` where the file exists or another backup is being made,
  /// `not_found` without its folder.
  virtual boost::asio::awaitable<Result<Backup>> back_up(std::filesystem::path target) = 0;

  virtual Statistics statistics() const = 0;
};

}  // namespace tba::storage
