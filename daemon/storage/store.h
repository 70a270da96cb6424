#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

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
/// Replaces what changes in a run: status, started_at, finished_at, wake_at, deadline, output,
/// failure and cancel_requested; the rest stays as it was added. The row's epoch must be
/// `run.epoch`; otherwise the whole change ends as LostOwnership.
struct UpdateRun {
  Run run;
};
/// Adds or replaces a step's row.
struct PutStep {
  Step step;
};
struct AppendLog {
  LogLine line;
};
/// Adds a slot. Where it is there already, the whole change ends as Conflict.
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

using Write = std::variant<PutVersion, AddDelivery, AddRejection, AddRun, UpdateRun, PutStep,
                           AppendLog, AddSlot, PutCredential, RemoveCredential>;

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
struct LostOwnership {};  ///< Another owner has taken the run since.
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
};

struct DeliveryFilter {
  std::string workflow;
  std::string event;
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
/// A run belongs to the daemon that claimed it last. A claim counts the run's `epoch` up; a later
/// write with an older epoch ends as LostOwnership and changes nothing.
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

  /// Takes ownership of every run that is not final (queued, running, waiting, interrupted) and
  /// gives them, oldest first, a page at a time, without trigger, inputs and output.
  virtual boost::asio::awaitable<Result<Page<Run>>> claim_unfinished(PageRequest page) = 0;

  virtual boost::asio::awaitable<Result<std::optional<WorkflowVersion>>> version(
      VersionHash hash) = 0;
  virtual boost::asio::awaitable<Result<std::optional<Run>>> run(RunId id) = 0;
  virtual boost::asio::awaitable<Result<Page<Run>>> runs(
      RunFilter filter, PageRequest page) = 0;  ///< Without trigger, inputs and output.
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
  virtual boost::asio::awaitable<Result<std::optional<Instant>>> last_slot(
      std::string schedule) = 0;
  virtual boost::asio::awaitable<Result<std::vector<Credential>>>
  credentials() = 0;  ///< All, by name.

  virtual Statistics statistics() const = 0;
};

}  // namespace tba::storage
