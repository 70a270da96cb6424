#include "daemon/triggers/catch_up.h"

#include <algorithm>

namespace tba::triggers {
namespace {

constexpr Duration kTick{1};
constexpr std::chrono::days kPlausiblyPutBack{1};

/// The first of the slots that `catch_up: all` makes up for.
std::optional<Instant> first_made_up(const Schedule& schedule, Instant passed, Instant now) {
  const auto from = std::max<Instant>(passed, now - kLongestBack);
  auto first = next_after(schedule, from);
  auto until = now;
  for (std::size_t i = 0; i < kMostMadeUp; ++i) {
    const auto last = last_in(schedule, from, until);
    if (!last) break;
    first = last;
    until = *last - kTick;
  }
  return first;
}

}  // namespace

std::optional<Instant> slot_to_go_on_with(const ScheduleTrigger& trigger, Instant passed,
                                          Instant now, Presence presence) {
  const auto& schedule = trigger.schedule;
  const auto next = next_after(schedule, passed);
  const Instant on_time_from = now - kOnTime - trigger.jitter;
  if (!next || *next >= on_time_from) return next;
  if (trigger.catch_up == CatchUp::all) return first_made_up(schedule, passed, now);
  if (trigger.catch_up == CatchUp::latest || presence == Presence::present) {
    return last_in(schedule, passed, now);
  }
  return next_after(schedule, on_time_from - kTick);
}

Instant counted_from(Instant passed, Instant now) {
  return passed > now + kPlausiblyPutBack ? now : passed;
}

}  // namespace tba::triggers
