#include "daemon/task_group.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tba::daemon {

namespace asio = boost::asio;

TaskGroup::TaskGroup(asio::any_io_executor executor, Log& log, std::string_view owner)
    : executor_(std::move(executor)),
      log_(log),
      owner_(owner),
      idle_(executor_, asio::steady_timer::time_point::max()) {}

void TaskGroup::spawn(asio::awaitable<void> task) {
  ++running_;
  asio::co_spawn(executor_, std::move(task), [this](std::exception_ptr exception) {
    if (exception) report(exception);
    end_one();
  });
}

asio::awaitable<void> TaskGroup::wait() {
  while (running_ > 0) {
    boost::system::error_code cancelled;
    co_await idle_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

void TaskGroup::end_one() {
  if (--running_ == 0) idle_.cancel();
}

void TaskGroup::report(std::exception_ptr exception) const {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    log_.error("a task met a bug", {{"of", owner_}, {"what", std::string_view(error.what())}});
  }
}

}  // namespace tba::daemon
