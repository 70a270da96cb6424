#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/clock.h"

namespace tba::simulation {

/// What happened in one simulation, in order, and which of that must not have.
class Journal {
 public:
  /// The clock must outlive it.
  explicit Journal(const Clock& clock) : clock_(clock), begin_(clock.now()) {}

  template <class... Arguments>
  void note(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const auto since = std::chrono::duration<double>(clock_.now() - begin_).count();
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
  const Clock& clock_;
  const Instant begin_;
  std::vector<std::string> lines_;
  std::vector<std::string> complaints_;
};

}  // namespace tba::simulation
