#include "daemon/engine/alarm.h"

#include <algorithm>
#include <utility>

namespace tba::engine {

SystemAlarm::SystemAlarm(boost::asio::any_io_executor executor, const Clock& clock)
    : clock_(clock), timer_(std::move(executor)) {}

SystemAlarm::~SystemAlarm() = default;

void SystemAlarm::set(Instant when, std::function<void()> ring) {
  when_ = when;
  ring_ = std::move(ring);
  sleep();
}

void SystemAlarm::clear() {
  ++generation_;
  ring_ = nullptr;
  timer_.cancel();
}

void SystemAlarm::sleep() {
  slept_at_ = clock_.now();
  // A difference is taken only where it cannot overflow: `when_` may be the least instant there is.
  const auto left = when_ > slept_at_ ? when_ - slept_at_ : Duration(0);
  timer_.expires_after(std::min<Duration>(left, kLongestSleep));
  timer_.async_wait([this, generation = ++generation_](boost::system::error_code error) {
    if (error || generation != generation_) return;
    const auto now = clock_.now();
    if (now < when_ && now >= slept_at_) return sleep();
    std::exchange(ring_, nullptr)();
  });
}

}  // namespace tba::engine
