#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace tba::tests {

/// A random cron expression, and what about it the oracles do not see as we do.
struct GeneratedCron {
  std::string text;
  bool is_time_of_day = false;           ///< Second, minute and hour are single numbers.
  bool has_open_step = false;            ///< "5/20"
  bool has_open_weekday_step = false;    ///< Such a one in the day of the week.
  bool counts_from_last = false;         ///< "L-3"
  bool has_nearest = false;              ///< "15W", "LW"
  bool has_nearest_last_listed = false;  ///< "LW" among others
  bool has_nth_listed = false;           ///< "MON#2" among others
  /// Both days say something, one of them "*/n": crontab(5) wants both to fit, the oracles either.
  bool has_star_step_days = false;
};

/// Makes expressions from a seed. `near_hour` is an hour around which half of them fire.
class ScheduleGenerator {
 public:
  explicit ScheduleGenerator(std::uint64_t seed) : engine_(seed) {}

  GeneratedCron cron(int near_hour);

  /// From 0 to below the limit.
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(limit));
  }
  bool one_in(int count) { return below(count) == 0; }

 private:
  std::string number(int low, int high) { return std::to_string(low + below(high - low + 1)); }
  std::string field(int low, int high, bool& is_single, GeneratedCron& cron);
  std::string hours(int near_hour, bool& is_single, GeneratedCron& cron);
  std::string day(GeneratedCron& cron);
  std::string month(GeneratedCron& cron);
  std::string weekday(GeneratedCron& cron);

  std::mt19937_64 engine_;
};

}  // namespace tba::tests
