#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "daemon/storage/sqlite.h"
#include "daemon/storage/sqlite_store.h"
#include "daemon/storage/worker.h"

namespace tba::storage {

/// The one writer of a database: takes all the jobs that have queued up while it wrote, carries
/// them out in their order and commits them together, so that many share an fsync.
class GroupCommit {
 public:
  /// Something to be written, and somebody who waits for it.
  class Job {
   public:
    enum class Verdict {
      keep,  ///< What was written is to be committed.
      undo,  ///< The job was refused and must leave nothing; the others are not concerned.
    };

    virtual ~Job() = default;

    /// Writes. May be called a second time, after a rollback, and then begins from the start. An
    /// error fails all jobs of the transaction.
    virtual Result<Verdict> apply(Database& database) = 0;

    /// The transaction was not committed, whatever apply() did.
    virtual void fail(const Error& error) = 0;

    /// Where resume() is to be called, once, after everything else.
    virtual boost::asio::any_io_executor executor() const = 0;
    virtual void resume() = 0;
  };

  /// Both must outlive it. Requires: the worker's concurrency is 1, and nothing else uses the
  /// database before stop() has returned.
  GroupCommit(Database& database, Worker& worker) : database_(database), worker_(worker) {}

  /// Callable from any thread. After stop(), fails the job with `unavailable`.
  void submit(std::unique_ptr<Job> job);

  /// Finishes what has been submitted, and stops the worker.
  void stop();

  /// Callable from any thread.
  Statistics statistics() const;

 private:
  using Jobs = std::vector<std::unique_ptr<Job>>;

  void drain();
  void carry_out(std::span<std::unique_ptr<Job>> jobs);

  enum class Savepoints { none, each_job };
  enum class Attempt { committed, needs_savepoints };
  Result<Attempt> try_to_commit(std::span<std::unique_ptr<Job>> jobs, Savepoints savepoints);

  Database& database_;
  Worker& worker_;

  mutable std::mutex mutex_;
  Jobs queue_;             // guarded by mutex_, like all below
  bool draining_ = false;  // a drain() is posted or under way
  bool stopped_ = false;
  Statistics statistics_;
};

}  // namespace tba::storage
