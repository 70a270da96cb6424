#include "tests/simulation/time.h"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tba::simulation {

namespace asio = boost::asio;

SimulatedTime::Ticket SimulatedTime::at(Instant when, Action action) {
  const Ticket ticket(std::max(when, now_), ++planned_);
  plans_.emplace(ticket, std::move(action));
  return ticket;
}

bool SimulatedTime::go_on() {
  if (plans_.empty()) return false;
  auto next = plans_.extract(plans_.begin());
  now_ = next.key().first;
  next.mapped()();
  return true;
}

asio::awaitable<bool> sleep_until(SimulatedTime& time, Instant when) {
  // Never expires by itself. Whoever sleeps may be gone when the instant comes.
  const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                          asio::steady_timer::time_point::max());
  bool is_over = false;
  const auto ticket = time.at(when, [&is_over, sleeping = std::weak_ptr(timer)] {
    const auto awake = sleeping.lock();
    if (!awake) return;
    is_over = true;
    awake->cancel();
  });
  boost::system::error_code cancelled;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  if (!is_over) time.cancel(ticket);
  co_return is_over;
}

void SimulatedAlarm::set(Instant when, std::function<void()> ring) {
  clear();
  ticket_ = time_.at(when, [this, ring = std::move(ring)] {
    ticket_.reset();
    ring();
  });
}

void SimulatedAlarm::clear() {
  if (ticket_) time_.cancel(*ticket_);
  ticket_.reset();
}

void SimulatedWorker::post(Task task) {
  tasks_.push_back(std::move(task));
  const auto delay = Duration(dice_.between(0, longest_delay_.count()));
  free_at_ = std::max(free_at_, time_.now()) + delay;
  plans_.after(free_at_ - time_.now(), [this] { run_first(); });
}

void SimulatedWorker::stop() {
  while (!tasks_.empty()) run_first();
}

void SimulatedWorker::run_first() {
  if (tasks_.empty()) return;  // stop() was there first
  const auto task = std::move(tasks_.front());
  tasks_.pop_front();
  task();
}

}  // namespace tba::simulation
