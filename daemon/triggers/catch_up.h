#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "shared/clock.h"
#include "shared/workflow.h"

namespace tba::triggers {

/// A slot that is seen this much late, and its jitter, is on time.
inline constexpr std::chrono::minutes kOnTime{1};
/// `catch_up: all` goes no further back than both of these.
inline constexpr std::size_t kMostMadeUp = 100;
inline constexpr std::chrono::days kLongestBack{7};

/// Whether a daemon was there when the slots came that it finds due.
enum class Presence {
  absent,
  present,  ///< The clock was put forward, or the machine slept.
};

/// The slot that a schedule goes on with, all of whose slots up to `passed` are dealt with; nothing
/// where there is none any more. It may be due or yet to come: what is left out lies before it.
/// After a slot that is made up for, this gives the one to make up for next.
std::optional<Instant> slot_to_go_on_with(const ScheduleTrigger& trigger, Instant passed,
                                          Instant now, Presence presence);

/// From where a schedule counts whose slots up to `passed` are dealt with. A clock that was put
/// back by a day at most will come to `passed` again; by more, it was wrong before, and the
/// schedule counts from now on.
Instant counted_from(Instant passed, Instant now);

}  // namespace tba::triggers
