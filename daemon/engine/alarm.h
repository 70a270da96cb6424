#pragma once

#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/clock.h"

namespace tba::engine {

/// Rings once at an instant of the civil clock. A seam: with a fake one, time passes as a test
/// likes. Used on the executor of its owner only, where it also rings.
class Alarm {
 public:
  virtual ~Alarm() = default;

  /// Rings when `clock.now() >= when`, soon if that is past, or when the clock has been put back:
  /// whoever is rung looks at it. Takes the place of what was set before.
  virtual void set(Instant when, std::function<void()> ring) = 0;
  virtual void clear() = 0;
};

/// An alarm on the machine's clock. It looks at the clock at least every kLongestSleep, so a clock
/// that is set, or a machine that slept, delays it by no more than that.
class SystemAlarm final : public Alarm {
 public:
  static constexpr std::chrono::seconds kLongestSleep{1};

  SystemAlarm(boost::asio::any_io_executor executor, const Clock& clock);
  ~SystemAlarm() override;

  void set(Instant when, std::function<void()> ring) override;
  void clear() override;

 private:
  void sleep();

  const Clock& clock_;
  boost::asio::steady_timer timer_;
  Instant when_;
  Instant slept_at_;  // when it began to sleep
  std::function<void()> ring_;
  unsigned generation_ = 0;  // tells a wait that was overtaken from the one that counts
};

}  // namespace tba::engine
