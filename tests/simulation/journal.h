#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/simulation/time.h"

namespace tba::simulation {

/// What happened in one simulation, in order, and which of that must not have.
class Journal {
 public:
  /// The time must outlive it.
  explicit Journal(const SimulatedTime& time) : time_(time) {}

  template <class... Arguments>
  void note(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const auto since = std::chrono::duration<double>(time_.passed()).count();
    lines_.push_back(fmt::format("{:>14.6f}  ", since) +
                     fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  /// A promise was broken.
  template <class... Arguments>
  void complain(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    complaints_.push_back(fmt::format(format, std::forward<Arguments>(arguments)...));
    note("BROKEN: {}", complaints_.back());
  }

  const std::vector<std::string>& complaints() const { return complaints_; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  const SimulatedTime& time_;
  std::vector<std::string> lines_;
  std::vector<std::string> complaints_;
};

}  // namespace tba::simulation
