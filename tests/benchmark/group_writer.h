#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tba::benchmark {

/// A thread that takes all the jobs that have queued up and hands them to `commit` at once.
template <class Job>
class GroupWriter {
 public:
  using Commit = std::function<void(std::vector<Job>& jobs)>;

  explicit GroupWriter(Commit commit) : commit_(std::move(commit)), thread_([this] { run(); }) {}
  ~GroupWriter() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  void push(Job job) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(job));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    std::vector<Job> taken;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        taken.swap(queue_);
      }
      commit_(taken);
      taken.clear();
    }
  }

  Commit commit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Job> queue_;  // guarded by mutex_, like stopping_
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all above
};

}  // namespace tba::benchmark
