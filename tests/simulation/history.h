#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "shared/clock.h"

namespace tba::simulation {

/// When daemons lived, by the clock that they saw.
struct History {
  struct Life {
    Instant ready_at;  ///< From when on it was there.
    std::optional<Instant> gone_at;
  };
  std::vector<Life> lives;  ///< Of those that got ready.
  /// How many runs were under way at each death, as the next daemon found them.
  std::vector<std::size_t> under_way;
  std::optional<Instant> schedules_end_at;  ///< From when on no schedule fires.
  int present = 0;                          ///< The number of the present daemon.
  bool disk_failed = false;                 ///< Whether it did at any time.
  bool clock_was_set = false;               ///< Whether it was, or seemed to be, at any time.
  bool clock_was_put_back = false;
};

}  // namespace tba::simulation
