#include "tests/simulation/time.h"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tba::simulation {

namespace asio = boost::asio;

SimulatedTime::Ticket SimulatedTime::at(Duration when, Action action) {
  const Ticket ticket(std::max(when, passed_), ++planned_);
  plans_.emplace(ticket, std::move(action));
  return ticket;
}

bool SimulatedTime::go_on() {
  if (plans_.empty()) return false;
  auto next = plans_.extract(plans_.begin());
  passed_ = std::max(passed_, next.key().first);
  next.mapped()();
  return true;
}

void SimulatedTime::set_clock(Duration forward) {
  clock_ += forward;
  for (const auto& [number, listener] : listeners_) listener();
}

std::uint64_t SimulatedTime::on_clock_set(Action action) {
  listeners_.emplace(++planned_, std::move(action));
  return planned_;
}

asio::awaitable<bool> wait_for(SimulatedTime& time, Duration span) {
  // Never expires by itself. Whoever waits may be gone when the time has passed.
  const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                          asio::steady_timer::time_point::max());
  bool is_over = false;
  const auto ticket = time.after(span, [&is_over, waiting = std::weak_ptr(timer)] {
    const auto awake = waiting.lock();
    if (!awake) return;
    is_over = true;
    awake->cancel();
  });
  boost::system::error_code cancelled;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  if (!is_over) time.cancel(ticket);
  co_return is_over;
}

SimulatedAlarm::SimulatedAlarm(SimulatedTime& time)
    : time_(time), listener_(time.on_clock_set([this] {
        if (ring_) plan(engine::SystemAlarm::kLongestSleep);
      })) {}

SimulatedAlarm::~SimulatedAlarm() {
  clear();
  time_.stop_listening(listener_);
}

void SimulatedAlarm::set(Instant when, std::function<void()> ring) {
  when_ = when;
  ring_ = std::move(ring);
  plan(when_ > time_.now() ? when_ - time_.now() : Duration(0));
}

void SimulatedAlarm::plan(Duration delay) {
  if (ticket_) time_.cancel(*ticket_);
  ticket_ = time_.after(delay, [this] {
    ticket_.reset();
    std::exchange(ring_, nullptr)();
  });
}

void SimulatedAlarm::clear() {
  if (ticket_) time_.cancel(*ticket_);
  ticket_.reset();
  ring_ = nullptr;
}

void SimulatedWorker::post(Task task) {
  tasks_.push_back(std::move(task));
  const auto delay = Duration(dice_.between(0, longest_delay_.count()));
  free_at_ = std::max(free_at_, time_.passed()) + delay;
  plans_.after(free_at_ - time_.passed(), [this] { run_first(); });
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
