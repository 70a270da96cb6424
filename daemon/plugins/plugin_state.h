#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shared/clock.h"

namespace tba::plugins {

/// How a plugin is, for people.
struct PluginState {
  std::string_view state = "idle";    ///< idle (not started yet), starting, running or stopped.
  std::size_t calls = 0;              ///< That it has, or that wait for it.
  std::string problem;                ///< Why it ended, or could not be started, last; or empty.
  std::optional<Instant> next_start;  ///< Before which it is not started again.
};

}  // namespace tba::plugins
