#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "shared/schedule.h"
#include "tests/oracle/schedule_generator.h"

// Why the oracles do not always say what we say. The README has the same tables in words.

namespace tba::tests {

struct Triple {
  GeneratedCron cron;
  std::string zone;
  Instant from;
};

/// What an oracle does not understand.
struct Refusal {
  std::string_view oracle;
  std::string_view name;
  bool GeneratedCron::*has_it;
};

inline constexpr std::array kRefusals{
    Refusal{"croner", "no 5/20", &GeneratedCron::has_open_step},
    Refusal{"croner", "no L-3", &GeneratedCron::counts_from_last},
    Refusal{"croner", "no LW among others", &GeneratedCron::has_nearest_last_listed},
    Refusal{"cron-parser", "no L-3", &GeneratedCron::counts_from_last},
    Refusal{"cron-parser", "no W", &GeneratedCron::has_nearest},
    Refusal{"cron-parser", "no MON#2 among others", &GeneratedCron::has_nth_listed},
};

/// Firings that are not ours, and the first instant that only one of both has.
struct Disagreement {
  const Triple& triple;
  TimeZone zone;
  Instant first;
  bool ends_early;  ///< The oracle gives fewer firings.

  TimeZone::Period period() const { return zone.period_at(first); }

  /// Whether it is less than that long after a change of the clock.
  bool is_after_change(std::chrono::seconds most) const { return first - period().begin <= most; }
  bool is_before_change(std::chrono::seconds most) const { return period().end - first <= most; }
};

struct Difference {
  std::string_view oracle;
  std::string_view name;
  bool (*explains)(const Disagreement&);
};

inline bool wants_either_day(const Disagreement& found) {
  return found.triple.cron.has_star_step_days;
}

inline constexpr std::array kDifferences{
    Difference{"croner", "*/2 restricts a day", wants_either_day},
    Difference{"cron-parser", "*/2 restricts a day", wants_either_day},
    Difference{"cron-parser", "2/5 goes up to 7, a Sunday",
               [](const Disagreement& found) { return found.triple.cron.has_open_weekday_step; }},
    Difference{"cron-parser", "a gap's slots fire in the hour after it",
               [](const Disagreement& found) {
                 const auto period = found.period();
                 return period.offset > period.offset_before &&
                        found.is_after_change(std::chrono::hours(1));
               }},
    Difference{"cron-parser", "a search from within the repeated hour knows no first time",
               [](const Disagreement& found) {
                 const auto period = found.period();
                 return period.offset < period.offset_before &&
                        found.is_after_change(std::chrono::hours(1)) &&
                        found.triple.from >= period.begin;
               }},
    Difference{"cron-parser", "midnight that comes twice is taken the second time",
               [](const Disagreement& found) {
                 const auto next = found.zone.period_at(found.period().end);
                 const auto put_back_to = next.to_local(next.begin);
                 return next.offset < next.offset_before &&
                        put_back_to == std::chrono::floor<std::chrono::days>(put_back_to) &&
                        found.is_before_change(std::chrono::hours(1));
               }},
    Difference{"cron-parser", "lost beside changes by half an hour, or not at a full one",
               [](const Disagreement& found) {
                 constexpr std::chrono::hours kBeside(2);
                 return (found.triple.zone == "Australia/Lord_Howe" ||
                         found.triple.zone == "Pacific/Chatham") &&
                        (found.ends_early || found.is_after_change(kBeside) ||
                         found.is_before_change(kBeside));
               }},
};

}  // namespace tba::tests
