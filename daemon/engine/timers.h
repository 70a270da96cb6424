#pragma once

#include <cstddef>
#include <optional>
#include <queue>
#include <vector>

#include "shared/clock.h"
#include "shared/uuid.h"

namespace tba::engine {

/// The instants at which runs want to be looked at, soonest first. An instant is never taken back:
/// whoever is woken for nothing looks at the clock and goes on waiting. 24 bytes for each.
class Timers {
 public:
  void add(Instant when, RunId run) { queue_.push({when, run}); }

  /// The soonest instant, or nothing.
  std::optional<Instant> next() const {
    return queue_.empty() ? std::nullopt : std::optional(queue_.top().when);
  }

  /// Takes the soonest run if its instant has come.
  std::optional<RunId> take_due(Instant now) {
    if (queue_.empty() || queue_.top().when > now) return std::nullopt;
    const auto run = queue_.top().run;
    queue_.pop();
    return run;
  }

  std::size_t size() const { return queue_.size(); }

 private:
  struct Entry {
    Instant when;
    RunId run;
    bool operator>(const Entry& other) const { return when > other.when; }
  };

  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

}  // namespace tba::engine
