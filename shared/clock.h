#pragma once

#include <chrono>

namespace tba {

/// A span of time; microseconds are what histories and latencies are recorded in.
using Duration = std::chrono::microseconds;

/// A point on the civil (UTC) time line.
using Instant = std::chrono::sys_time<Duration>;

/// What time it is. A seam: everything that decides by time takes `now` as an argument or a Clock
/// in its constructor. Implementations may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

/// The machine's own clock.
class SystemClock final : public Clock {
 public:
  Instant now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace tba
