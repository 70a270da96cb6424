#pragma once

#include <atomic>

#include "shared/clock.h"

namespace tba::tests {

/// A clock that stands still until it is moved. Safe to read from any thread.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant now = Instant(std::chrono::seconds(1'700'000'000)))
      : ticks_(now.time_since_epoch().count()) {}

  Instant now() const override { return Instant(Duration(ticks_.load())); }
  void set(Instant now) { ticks_ = now.time_since_epoch().count(); }
  void advance(Duration by) { ticks_ += by.count(); }

 private:
  std::atomic<Duration::rep> ticks_;
};

}  // namespace tba::tests
