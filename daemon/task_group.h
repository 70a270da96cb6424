#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/log.h"

namespace tba::daemon {

/// The coroutines that a component has spawned, so that its stop() can wait for them. Used on its
/// executor only, which runs one handler at a time. Requires: wait() has completed before the group
/// is destroyed, unless nothing was ever spawned.
class TaskGroup {
 public:
  /// What escapes from a task is a bug, and logged as one of `owner`, which is a literal. `log`
  /// must outlive the group.
  TaskGroup(boost::asio::any_io_executor executor, Log& log, std::string_view owner);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Runs the task; it may begin, and even end, before this returns.
  void spawn(boost::asio::awaitable<void> task);

  /// Counts as a task as long as it lives: for coroutines that others have spawned. On the group's
  /// executor only. It may outlive the group where its coroutine never ends but goes with the
  /// executor.
  class Hold {
   public:
    explicit Hold(TaskGroup& group) : group_(group.itself_) { ++group.running_; }
    ~Hold() {
      if (const auto group = group_.lock()) (*group)->end_one();
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    std::weak_ptr<TaskGroup*> group_;
  };

  std::size_t size() const { return running_; }

  /// Completes when no task runs any more.
  boost::asio::awaitable<void> wait();

 private:
  void report(std::exception_ptr exception) const;
  void end_one();

  boost::asio::any_io_executor executor_;
  Log& log_;
  std::string_view owner_;
  std::size_t running_ = 0;
  std::shared_ptr<TaskGroup*> itself_ = std::make_shared<TaskGroup*>(this);
  boost::asio::steady_timer idle_;  // never expires; cancelled when the last task ends
};

}  // namespace tba::daemon
