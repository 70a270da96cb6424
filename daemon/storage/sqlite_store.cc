#include "daemon/storage/sqlite_store.h"

#include <atomic>
#include <mutex>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/storage/backup.h"
#include "daemon/storage/change_writer.h"
#include "daemon/storage/group_commit.h"
#include "daemon/storage/pruning.h"
#include "daemon/storage/queries.h"
#include "daemon/storage/schema.h"
#include "daemon/storage/usage.h"

namespace tba::storage {
namespace {

using Verdict = GroupCommit::Job::Verdict;

/// A job whose result, of type Result<T>, goes to an Asio completion handler. `work(database,
/// result)` does the writing and tells what is to become of it.
template <class T, class Work, class Handler>
class AwaitedJob final : public GroupCommit::Job {
 public:
  AwaitedJob(Work work, Handler handler) : work_(std::move(work)), handler_(std::move(handler)) {}

  Result<Verdict> apply(Database& database) override { return work_(database, result_); }
  void fail(const Error& error) override { result_ = error; }
  boost::asio::any_io_executor executor() const override {
    return boost::asio::get_associated_executor(handler_);
  }
  void resume() override { std::move(handler_)(std::move(result_)); }

 private:
  Work work_;
  Handler handler_;
  Result<T> result_;
};

template <class T, class Work>
boost::asio::awaitable<Result<T>> write(GroupCommit& writer, Work work) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(Result<T>)>(
      [&writer](auto handler, Work task) {
        writer.submit(std::make_unique<AwaitedJob<T, Work, decltype(handler)>>(std::move(task),
                                                                               std::move(handler)));
      },
      boost::asio::use_awaitable, std::move(work));
}

/// Carries out a change, and tells whether it leaves anything.
Result<Verdict> apply_change(Database& database, const PackedChange& change,
                             Result<Outcome>& result) {
  result = apply(database, change);
  if (!result) {
    if (result.error().code != ErrorCode::limit_exceeded) return result.error();
    return Verdict::undo;
  }
  return std::holds_alternative<Committed>(*result) ? Verdict::keep : Verdict::undo;
}

/// Has the writer do `task(database)`, which gives a Result; an error of it fails the commit.
template <class Task>
auto carry_out(GroupCommit& writer, Task task)
    -> boost::asio::awaitable<decltype(task(std::declval<Database&>()))> {
  using Answer = decltype(task(std::declval<Database&>()));
  return write<typename Answer::value_type>(
      writer, [task = std::move(task)](Database& database, Answer& result) -> Result<Verdict> {
        result = task(database);
        if (!result) return result.error();
        return Verdict::keep;
      });
}

}  // namespace

// --- the connections

/// The writer's connection and those of the readers.
class SqliteStore::Connections {
 public:
  Connections(Database database, std::unique_ptr<Worker> writer, std::unique_ptr<Worker> readers,
              std::vector<Database> reading)
      : database_(std::move(database)),
        write_worker_(std::move(writer)),
        read_worker_(std::move(readers)),
        writer_(database_, *write_worker_),
        idle_readers_(std::move(reading)) {}

  GroupCommit& writer() { return writer_; }
  bool stopping() {
    std::lock_guard lock(mutex_);
    return stopped_;
  }
  std::atomic<bool> backing_up = false;

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    writer_.stop();
    read_worker_->stop();
  }

  /// Has a reader answer `query(database)`, a Result<T>.
  template <class T, class Query>
  boost::asio::awaitable<Result<T>> read(Query query) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(Result<T>)>(
        [this](auto handler, Query asked) {
          // A Worker's task is copyable, handlers are not.
          auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
          const auto complete = [waiting](Result<T> result) {
            const auto executor = boost::asio::get_associated_executor(*waiting);
            boost::asio::post(executor, [waiting, result = std::move(result)]() mutable {
              std::move (*waiting)(std::move(result));
            });
          };
          std::lock_guard lock(mutex_);
          if (stopped_) return complete(Error{ErrorCode::unavailable, "the store is stopping", ""});
          read_worker_->post([this, asked = std::move(asked), complete] {
            auto database = take_reader();
            auto result = asked(database);
            give_back(std::move(database));
            complete(std::move(result));
          });
        },
        boost::asio::use_awaitable, std::move(query));
  }

 private:
  // There are as many as tasks run at the same time.
  Database take_reader() {
    std::lock_guard lock(mutex_);
    auto database = std::move(idle_readers_.back());
    idle_readers_.pop_back();
    return database;
  }
  void give_back(Database database) {
    std::lock_guard lock(mutex_);
    idle_readers_.push_back(std::move(database));
  }

  Database database_;
  std::unique_ptr<Worker> write_worker_;
  std::unique_ptr<Worker> read_worker_;
  GroupCommit writer_;

  std::mutex mutex_;
  std::vector<Database> idle_readers_;  // guarded by mutex_, like stopped_
  bool stopped_ = false;
};

// --- opening and stopping

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(std::filesystem::path path, Instant now,
                                                       std::unique_ptr<Worker> writer,
                                                       std::unique_ptr<Worker> readers) {
  auto database = Database::open(path, Database::Mode::read_write);
  if (!database) return database.error();
  if (auto migrated = migrate(*database, migrations(), now); !migrated) return migrated.error();

  std::vector<Database> reading;
  for (std::size_t i = 0; i < readers->concurrency(); ++i) {
    auto reader = Database::open(path, Database::Mode::read_only);
    if (!reader) return reader.error();
    reading.push_back(std::move(*reader));
  }
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::make_unique<Connections>(
      std::move(*database), std::move(writer), std::move(readers), std::move(reading))));
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(std::filesystem::path path, Instant now) {
  return open(std::move(path), now, std::make_unique<ThreadWorker>("store-writer"),
              std::make_unique<ThreadWorker>("store-reader", 2));
}

SqliteStore::SqliteStore(std::unique_ptr<Connections> connections)
    : connections_(std::move(connections)) {}

SqliteStore::~SqliteStore() {
  stop();
}

void SqliteStore::stop() {
  connections_->stop();
}

Statistics SqliteStore::statistics() const {
  return connections_->writer().statistics();
}

// --- writing

boost::asio::awaitable<Result<Outcome>> SqliteStore::submit(Change change) {
  return write<Outcome>(connections_->writer(), [packed = pack(std::move(change))](
                                                    Database& database, Result<Outcome>& result) {
    return apply_change(database, packed, result);
  });
}

// --- keeping house

boost::asio::awaitable<Result<Usage>> SqliteStore::usage() {
  return connections_->read<Usage>([](Database& database) { return usage_of(database); });
}

boost::asio::awaitable<Result<Pruned>> SqliteStore::prune(Bite bite) {
  auto finding = connections_->read<Findings>(
      [bite](Database& database) { return find_prunable(database, bite); });
  auto findings = co_await std::move(finding);
  if (!findings) co_return findings.error();
  if (!findings->runs.empty()) {
    auto removing =
        carry_out(connections_->writer(), [runs = std::move(findings->runs)](Database& database) {
          return remove_runs(database, runs);
        });
    const auto removed = co_await std::move(removing);
    if (!removed) co_return removed.error();
  }
  for (auto& rows : findings->rows) {
    auto removing = carry_out(connections_->writer(),
                              [kind = bite.what, rows = std::move(rows)](Database& database) {
                                return remove_rows(database, kind, rows);
                              });
    const auto removed = co_await std::move(removing);
    if (!removed) co_return removed.error();
  }
  co_return findings->pruned;
}

boost::asio::awaitable<Result<std::vector<VersionHash>>> SqliteStore::unused_versions() {
  return connections_->read<std::vector<VersionHash>>(
      [](Database& database) { return list_unused_versions(database); });
}

boost::asio::awaitable<Result<FileUsage>> SqliteStore::give_back(std::uint64_t bytes) {
  return carry_out(connections_->writer(),
                   [bytes](Database& database) { return give_back_pages(database, bytes); });
}

boost::asio::awaitable<Result<Backup>> SqliteStore::back_up(std::filesystem::path target) {
  return connections_->read<Backup>([this, target = std::move(target)](
                                        Database& database) -> Result<Backup> {
    if (connections_->backing_up.exchange(true)) {
      return Error{ErrorCode::conflict, "another backup is being made", "wait for its end"};
    }
    auto backup = storage::back_up(database, target, [this] { return connections_->stopping(); });
    connections_->backing_up = false;
    return backup;
  });
}

// --- reading

boost::asio::awaitable<Result<std::optional<WorkflowVersion>>> SqliteStore::version(
    VersionHash hash) {
  return connections_->read<std::optional<WorkflowVersion>>(
      [hash](Database& database) { return find_version(database, hash); });
}

boost::asio::awaitable<Result<std::vector<VersionHash>>> SqliteStore::missing_versions(
    std::vector<VersionHash> hashes) {
  return connections_->read<std::vector<VersionHash>>(
      [hashes = std::move(hashes)](Database& database) {
        return missing_versions_of(database, hashes);
      });
}

boost::asio::awaitable<Result<std::optional<Run>>> SqliteStore::run(RunId id) {
  return connections_->read<std::optional<Run>>(
      [id](Database& database) { return find_run(database, id); });
}

boost::asio::awaitable<Result<Page<Run>>> SqliteStore::runs(RunFilter filter, PageRequest page) {
  return connections_->read<Page<Run>>(
      [filter = std::move(filter), page = std::move(page)](Database& database) {
        return list_runs(database, filter, page);
      });
}

boost::asio::awaitable<Result<std::vector<Run>>> SqliteStore::children(RunId parent) {
  return connections_->read<std::vector<Run>>(
      [parent](Database& database) { return list_children(database, parent); });
}

boost::asio::awaitable<Result<Page<Run>>> SqliteStore::runs_to_resume(PageRequest page) {
  return connections_->read<Page<Run>>([page = std::move(page)](Database& database) {
    return list_unfinished(database, {RunStatus::queued, RunStatus::running}, page);
  });
}

boost::asio::awaitable<Result<Page<Run>>> SqliteStore::limited_runs(PageRequest page) {
  return connections_->read<Page<Run>>(
      [page = std::move(page)](Database& database) { return list_limited(database, page); });
}

boost::asio::awaitable<Result<std::vector<Parked>>> SqliteStore::parked(Parked after, Instant until,
                                                                        std::size_t limit) {
  return connections_->read<std::vector<Parked>>(
      [=](Database& database) { return list_parked(database, after, until, limit); });
}

boost::asio::awaitable<Result<std::uint64_t>> SqliteStore::waiting_count() {
  return connections_->read<std::uint64_t>(
      [](Database& database) { return count_waiting(database); });
}

boost::asio::awaitable<Result<std::vector<Step>>> SqliteStore::steps(
    RunId run, std::optional<std::vector<std::string>> results_of) {
  return connections_->read<std::vector<Step>>(
      [run, results_of = std::move(results_of)](Database& database) {
        return steps_of(database, run, results_of);
      });
}

boost::asio::awaitable<Result<std::vector<LogLine>>> SqliteStore::logs(RunId run,
                                                                       std::int64_t after_sequence,
                                                                       std::size_t limit) {
  return connections_->read<std::vector<LogLine>>(
      [=](Database& database) { return logs_of(database, run, after_sequence, limit); });
}

boost::asio::awaitable<Result<std::optional<Delivery>>> SqliteStore::delivery(DeliveryId id) {
  return connections_->read<std::optional<Delivery>>(
      [id](Database& database) { return find_delivery(database, id); });
}

boost::asio::awaitable<Result<Page<Delivery>>> SqliteStore::deliveries(DeliveryFilter filter,
                                                                       PageRequest page) {
  return connections_->read<Page<Delivery>>(
      [filter = std::move(filter), page = std::move(page)](Database& database) {
        return list_deliveries(database, filter, page);
      });
}

boost::asio::awaitable<Result<Page<Rejection>>> SqliteStore::rejections(PageRequest page) {
  return connections_->read<Page<Rejection>>(
      [page = std::move(page)](Database& database) { return list_rejections(database, page); });
}

boost::asio::awaitable<Result<std::vector<ScheduleMark>>> SqliteStore::schedules() {
  return connections_->read<std::vector<ScheduleMark>>(
      [](Database& database) { return list_schedules(database); });
}

boost::asio::awaitable<Result<std::vector<Signal>>> SqliteStore::signals(RunId run) {
  return connections_->read<std::vector<Signal>>(
      [run](Database& database) { return signals_for(database, run); });
}

boost::asio::awaitable<Result<Page<RunId>>> SqliteStore::signalled_runs(PageRequest page) {
  return connections_->read<Page<RunId>>(
      [page = std::move(page)](Database& database) { return list_signalled_runs(database, page); });
}

boost::asio::awaitable<Result<Page<RunId>>> SqliteStore::signals_of(EventId event,
                                                                    PageRequest page) {
  return connections_->read<Page<RunId>>([event, page = std::move(page)](Database& database) {
    return list_signals_of(database, event, page);
  });
}

boost::asio::awaitable<Result<Page<Event>>> SqliteStore::events(EventFilter filter,
                                                                PageRequest page) {
  return connections_->read<Page<Event>>(
      [filter = std::move(filter), page = std::move(page)](Database& database) {
        return list_events(database, filter, page);
      });
}

boost::asio::awaitable<Result<std::optional<CacheEntry>>> SqliteStore::cached(std::string workflow,
                                                                              std::string step,
                                                                              std::string key,
                                                                              Instant now) {
  return connections_->read<std::optional<CacheEntry>>(
      [workflow = std::move(workflow), step = std::move(step), key = std::move(key),
       now](Database& database) { return find_cached(database, workflow, step, key, now); });
}

boost::asio::awaitable<Result<std::optional<PollState>>> SqliteStore::poll_state(std::string poll) {
  return connections_->read<std::optional<PollState>>(
      [poll = std::move(poll)](Database& database) { return find_poll_state(database, poll); });
}

boost::asio::awaitable<Result<std::vector<std::string>>> SqliteStore::unseen(
    std::string poll, std::vector<std::string> keys) {
  return connections_->read<std::vector<std::string>>(
      [poll = std::move(poll), keys = std::move(keys)](Database& database) {
        return unseen_of(database, poll, keys);
      });
}

boost::asio::awaitable<Result<std::vector<ClosedLimit>>> SqliteStore::closed_limits() {
  return connections_->read<std::vector<ClosedLimit>>(
      [](Database& database) { return list_closed_limits(database); });
}

boost::asio::awaitable<Result<std::vector<Credential>>> SqliteStore::credentials() {
  return connections_->read<std::vector<Credential>>(
      [](Database& database) { return list_credentials(database); });
}

}  // namespace tba::storage
