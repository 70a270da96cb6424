#pragma once

#include <filesystem>
#include <memory>

#include "daemon/storage/store.h"
#include "daemon/storage/worker.h"

namespace tba::storage {

/// The embedded store: one SQLite file in WAL mode with `synchronous=FULL`. One writer takes all
/// the changes that have queued up and commits them together; readers have connections of their
/// own. Big texts and bodies are compressed, by the thread that submits them.
///
/// While the disk is full or fails, each change ends with an error of code `unavailable` and leaves
/// nothing; the next one tries anew.
class SqliteStore final : public Store {
 public:
  /// Opens the database, made with mode 0600 where there is none, and brings its schema up to date.
  /// `now` is what migrations are recorded with. Errors: `not_found` without the folder it is to be
  /// in, `conflict` for a file of another program or of a newer version, `unavailable` where it
  /// cannot be written, `internal` where it is damaged.
  ///
  /// Requires: the writer's concurrency is 1.
  static Result<std::unique_ptr<SqliteStore>> open(std::filesystem::path path, Instant now,
                                                   std::unique_ptr<Worker> writer,
                                                   std::unique_ptr<Worker> readers);

  /// The same, with a thread for writing and two for reading.
  static Result<std::unique_ptr<SqliteStore>> open(std::filesystem::path path, Instant now);

  /// Calls stop(), and closes the file.
  ~SqliteStore() override;

  /// Finishes what has been submitted and asked for. Whatever comes later ends with `unavailable`.
  /// The file is closed by the destructor. Blocks; must be called before the executors of the
  /// awaiting coroutines are destroyed.
  void stop();

  boost::asio::awaitable<Result<Usage>> usage() override;
  boost::asio::awaitable<Result<Pruned>> prune(Bite bite) override;
  boost::asio::awaitable<Result<std::vector<VersionHash>>> unused_versions() override;
  boost::asio::awaitable<Result<FileUsage>> give_back(std::uint64_t bytes) override;

  boost::asio::awaitable<Result<Backup>> back_up(std::filesystem::path target) override;

  Statistics statistics() const override;

  boost::asio::awaitable<Result<Outcome>> submit(Change change) override;
  boost::asio::awaitable<Result<std::optional<WorkflowVersion>>> version(VersionHash hash) override;
  boost::asio::awaitable<Result<std::vector<VersionHash>>> missing_versions(
      std::vector<VersionHash> hashes) override;
  boost::asio::awaitable<Result<std::optional<Run>>> run(RunId id) override;
  boost::asio::awaitable<Result<Page<Run>>> runs(RunFilter filter, PageRequest page) override;
  boost::asio::awaitable<Result<std::vector<Run>>> children(RunId parent) override;
  boost::asio::awaitable<Result<Page<Run>>> runs_to_resume(PageRequest page) override;
  boost::asio::awaitable<Result<Page<Run>>> limited_runs(PageRequest page) override;
  boost::asio::awaitable<Result<std::vector<Parked>>> parked(Parked after, Instant until,
                                                             std::size_t limit) override;
  boost::asio::awaitable<Result<std::uint64_t>> waiting_count() override;
  boost::asio::awaitable<Result<std::vector<Step>>> steps(
      RunId run, std::optional<std::vector<std::string>> results_of) override;
  boost::asio::awaitable<Result<std::vector<LogLine>>> logs(RunId run, std::int64_t after_sequence,
                                                            std::size_t limit) override;
  boost::asio::awaitable<Result<std::optional<Delivery>>> delivery(DeliveryId id) override;
  boost::asio::awaitable<Result<Page<Delivery>>> deliveries(DeliveryFilter filter,
                                                            PageRequest page) override;
  boost::asio::awaitable<Result<Page<Rejection>>> rejections(PageRequest page) override;
  boost::asio::awaitable<Result<std::vector<ScheduleMark>>> schedules() override;
  boost::asio::awaitable<Result<std::vector<Signal>>> signals(RunId run) override;
  boost::asio::awaitable<Result<Page<RunId>>> signalled_runs(PageRequest page) override;
  boost::asio::awaitable<Result<Page<RunId>>> signals_of(EventId event, PageRequest page) override;
  boost::asio::awaitable<Result<Page<Event>>> events(EventFilter filter, PageRequest page) override;
  boost::asio::awaitable<Result<std::optional<CacheEntry>>> cached(std::string workflow,
                                                                   std::string step,
                                                                   std::string key,
                                                                   Instant now) override;
  boost::asio::awaitable<Result<std::optional<PollState>>> poll_state(std::string poll) override;
  boost::asio::awaitable<Result<std::vector<std::string>>> unseen(
      std::string poll, std::vector<std::string> keys) override;
  boost::asio::awaitable<Result<std::vector<ClosedLimit>>> closed_limits() override;
  boost::asio::awaitable<Result<std::vector<Credential>>> credentials() override;

 private:
  class Connections;
  SqliteStore(std::unique_ptr<Connections> connections);

  std::unique_ptr<Connections> connections_;
};

}  // namespace tba::storage
