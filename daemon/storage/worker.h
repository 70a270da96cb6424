#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

namespace tba::storage {

/// Where the store's blocking work is done. A seam: a daemon gives it threads, a test lets it run
/// on the test's own executor, so that everything happens on one thread in one order.
class Worker {
 public:
  using Task = std::function<void()>;

  virtual ~Worker() = default;

  /// How many tasks may run at the same time.
  virtual std::size_t concurrency() const = 0;

  /// Carries the task out soon, elsewhere; tasks begin in the order in which they were posted.
  /// Callable from any thread. Requires: stop() has not been called.
  virtual void post(Task task) = 0;

  /// Carries out what was posted and returns when it is done.
  virtual void stop() = 0;
};

/// Threads of its own.
class ThreadWorker final : public Worker {
 public:
  /// `name` is what the threads are called in debuggers and `top`; 15 bytes are shown.
  explicit ThreadWorker(const std::string& name, std::size_t threads = 1);
  ~ThreadWorker() override;

  std::size_t concurrency() const override { return threads_.size(); }
  void post(Task task) override;
  void stop() override;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;  // guarded by mutex_, like stopping_
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// No thread: each task is a handler of its own on the executor. Requires: post() and stop() are
/// called on the thread that runs the executor, or while nothing runs it.
class InlineWorker final : public Worker {
 public:
  explicit InlineWorker(boost::asio::any_io_executor executor);
  ~InlineWorker() override;

  std::size_t concurrency() const override { return 1; }
  void post(Task task) override;
  void stop() override;

 private:
  boost::asio::any_io_executor executor_;
  std::shared_ptr<std::deque<Task>> tasks_;  // shared with handlers that the executor still holds
};

}  // namespace tba::storage
