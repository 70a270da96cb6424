#pragma once

#include <algorithm>
#include <chrono>

#include "shared/clock.h"

namespace tba::plugins {

/// When a program that has ended may be started again: at once after it ended for the first time,
/// then after pauses that grow from a second to a minute. One that has stood for a minute is as
/// good as new.
class Restarts {
 public:
  static constexpr std::chrono::seconds kFirstPause{1};
  static constexpr std::chrono::seconds kLongestPause{60};
  static constexpr std::chrono::seconds kGoodTime{60};

  /// It ended though it was not asked to, or could not be started.
  void ended(Instant started, Instant now) {
    if (now - started >= kGoodTime) failures_ = 0;
    const auto doublings = std::clamp(failures_ - 1, 0, 10);
    const auto pause = failures_ == 0 ? std::chrono::seconds(0)
                                      : std::min(kFirstPause * (1 << doublings), kLongestPause);
    ++failures_;
    next_ = now + pause;
  }

  /// Its manifest has changed.
  void forget() { *this = {}; }

  Instant next() const { return next_; }

 private:
  int failures_ = 0;
  Instant next_{};
};

}  // namespace tba::plugins
