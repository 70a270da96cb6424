#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/log.h"
#include "shared/clock.h"

namespace tba::plugins {

/// Hands what a program says on to the daemon's log, as much as a person may want to read: of each
/// line the beginning, and so many lines a minute. The rest is counted.
class SpokenLines {
 public:
  static constexpr std::size_t kMaxLines = 200;    ///< In a minute.
  static constexpr std::size_t kMaxBytes = 2'000;  ///< Of a line.

  /// `log` must outlive it.
  SpokenLines(daemon::Log& log, std::string plugin) : log_(log), plugin_(std::move(plugin)) {}

  void add(daemon::LogLevel level, std::string_view line, Instant now);

 private:
  void write(daemon::LogLevel level, std::string_view line);

  daemon::Log& log_;
  const std::string plugin_;
  Instant minute_{};       // when that of which lines are counted began
  std::size_t lines_ = 0;  // in it
};

}  // namespace tba::plugins
