#include "daemon/storage/group_commit.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

namespace tba::storage {
namespace {

// Bounds the time that the first of a burst waits for the last of its commit.
constexpr std::size_t kLargestCommit = 1000;

/// Resumes those that wait on one executor, one after the other: one handler for all of them.
class Resumption {
 public:
  explicit Resumption(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  const boost::asio::any_io_executor& executor() const { return executor_; }
  void add(std::unique_ptr<GroupCommit::Job> job) { jobs_.push_back(std::move(job)); }

  static void post(Resumption resumption) {
    const auto executor = resumption.executor_;
    boost::asio::post(executor, std::move(resumption));
  }

  void operator()() {
    while (next_ < jobs_.size()) {
      const auto job = std::move(jobs_[next_++]);
      try {
        job->resume();
      } catch (...) {  // concerns whoever runs the executor, not the others who wait
        if (next_ < jobs_.size()) post(std::move(*this));
        throw;
      }
    }
  }

 private:
  boost::asio::any_io_executor executor_;
  std::vector<std::unique_ptr<GroupCommit::Job>> jobs_;
  std::size_t next_ = 0;
};

void resume(std::span<std::unique_ptr<GroupCommit::Job>> jobs) {
  std::vector<Resumption> resumptions;  // few executors: a search is quick
  for (auto& job : jobs) {
    const auto executor = job->executor();
    auto found = std::ranges::find(resumptions, executor, &Resumption::executor);
    if (found == resumptions.end()) {
      resumptions.emplace_back(executor);
      found = std::prev(resumptions.end());
    }
    found->add(std::move(job));
  }
  for (auto& resumption : resumptions) Resumption::post(std::move(resumption));
}

}  // namespace

void GroupCommit::submit(std::unique_ptr<Job> job) {
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) {
      queue_.push_back(std::move(job));
      if (draining_) return;
      draining_ = true;
      worker_.post([this] { drain(); });
      return;
    }
  }
  job->fail({ErrorCode::unavailable, "the store is stopping", "try again when the daemon is up"});
  resume(std::span(&job, 1));
}

void GroupCommit::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  worker_.stop();
}

Statistics GroupCommit::statistics() const {
  std::lock_guard lock(mutex_);
  return statistics_;
}

void GroupCommit::drain() {
  Jobs taken;
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (queue_.empty()) {
        draining_ = false;
        return;
      }
      taken.swap(queue_);
    }
    for (auto rest = std::span(taken); !rest.empty();) {
      const auto jobs = rest.first(std::min(rest.size(), kLargestCommit));
      carry_out(jobs);
      resume(jobs);
      rest = rest.subspan(jobs.size());
    }
    taken.clear();
  }
}

void GroupCommit::carry_out(std::span<std::unique_ptr<Job>> jobs) {
  auto attempt = try_to_commit(jobs, Savepoints::none);
  if (attempt && *attempt == Attempt::needs_savepoints) {
    attempt = try_to_commit(jobs, Savepoints::each_job);
  }
  if (!attempt) {
    for (auto& job : jobs) job->fail(attempt.error());
  }
}

/// A savepoint makes each page that a job touches be copied, and hardly any job is refused after it
/// wrote something. So the first attempt is made without; when such a job comes, the transaction is
/// rolled back and made anew with a savepoint for each.
Result<GroupCommit::Attempt> GroupCommit::try_to_commit(std::span<std::unique_ptr<Job>> jobs,
                                                        Savepoints savepoints) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  const auto rows_at_begin = database_.total_changes();
  for (auto& job : jobs) {
    std::optional<Savepoint> savepoint;
    if (savepoints == Savepoints::each_job) {
      auto begun = Savepoint::begin(database_);
      if (!begun) return begun.error();
      savepoint.emplace(std::move(*begun));
    }
    const auto rows_before = database_.total_changes();
    const auto verdict = job->apply(database_);
    if (!verdict) return verdict.error();
    if (savepoint) {
      const bool keep = *verdict == Job::Verdict::keep;
      if (auto ended = keep ? savepoint->release() : savepoint->undo(); !ended) {
        return ended.error();
      }
    } else if (*verdict == Job::Verdict::undo && database_.total_changes() != rows_before) {
      return Attempt::needs_savepoints;
    }
  }
  if (auto committed = transaction->commit(); !committed) return committed.error();

  const auto pages = database_.take_pages_written();
  std::lock_guard lock(mutex_);
  statistics_.changes += jobs.size();
  statistics_.commits += pages > 0 ? 1 : 0;
  statistics_.rows += static_cast<std::uint64_t>(database_.total_changes() - rows_at_begin);
  statistics_.bytes += static_cast<std::uint64_t>(pages * Database::kBytesPerLoggedPage);
  return Attempt::committed;
}

}  // namespace tba::storage
