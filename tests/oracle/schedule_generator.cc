#include "tests/oracle/schedule_generator.h"

#include <algorithm>
#include <array>

namespace tba::tests {
namespace {

constexpr std::array<const char*, 6> kNicknames{"@yearly", "@annually", "@monthly",
                                                "@weekly", "@daily",    "@hourly"};
constexpr std::array<const char*, 12> kMonths{"JAN", "feb", "Mar", "APR", "MAY", "JUN",
                                              "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<const char*, 7> kWeekdays{"SUN", "mon", "Tue", "WED", "THU", "FRI", "SAT"};

}  // namespace

std::string ScheduleGenerator::field(int low, int high, bool& is_single, GeneratedCron& cron) {
  is_single = false;
  const auto first = low + static_cast<int>(below(high - low));
  const auto last = first + 1 + static_cast<int>(below(high - first));
  const auto range = std::to_string(first) + "-" + std::to_string(last);
  switch (below(8)) {
    case 0:
      return "*";
    case 1:
      return "*/" + std::to_string(1 + below(high));
    case 2:
      return range;
    case 3:
      return range + "/" + std::to_string(1 + below(last - first));
    case 4:
      return std::to_string(first) + "," + std::to_string(last);
    case 5:
      if (one_in(3)) {
        cron.has_open_step = true;
        return std::to_string(first) + "/" + std::to_string(1 + below(high));
      }
      return first > low ? std::to_string(low) + "," + range : range;
    default:
      is_single = true;
      return std::to_string(first);
  }
}

std::string ScheduleGenerator::hours(int near_hour, bool& is_single, GeneratedCron& cron) {
  if (one_in(2)) return field(0, 23, is_single, cron);
  is_single = true;
  const auto hour = (near_hour + 23 + static_cast<int>(below(3))) % 24;
  if (one_in(4)) {
    is_single = false;
    return std::to_string(hour) + "," + std::to_string((hour + 1) % 24);
  }
  return std::to_string(hour);
}

std::string ScheduleGenerator::day(GeneratedCron& cron) {
  bool is_single = false;
  switch (below(12)) {
    case 0:
      return field(1, 31, is_single, cron);
    case 1:
      return "L";
    case 2:
      return number(1, 20) + ",L";
    case 3:
      if (!one_in(3)) return "?";
      cron.counts_from_last = true;
      return "L-" + number(1, 5);
    case 4:
      cron.has_nearest = true;
      if (!one_in(4)) return number(1, 31) + "W";
      cron.has_nearest_last_listed = true;
      return number(1, 20) + ",LW";
    case 5:
      cron.has_nearest = true;
      return "LW";
    default:
      return "*";
  }
}

std::string ScheduleGenerator::month(GeneratedCron& cron) {
  bool is_single = false;
  if (one_in(6)) return kMonths[static_cast<std::size_t>(below(12))];
  return one_in(6) ? field(1, 12, is_single, cron) : "*";
}

std::string ScheduleGenerator::weekday(GeneratedCron& cron) {
  bool is_single = false;
  const std::string name = kWeekdays[static_cast<std::size_t>(below(7))];
  switch (below(14)) {
    case 0: {
      GeneratedCron of_field;
      const auto text = field(0, 6, is_single, of_field);
      cron.has_open_step |= of_field.has_open_step;
      cron.has_open_weekday_step = of_field.has_open_step;
      return text;
    }
    case 1:
      return name;
    case 2:
      return "MON-FRI";
    case 3:
      return number(0, 7) + "L";
    case 4:
      if (!one_in(4)) return name + "#" + number(1, 5);
      cron.has_nth_listed = true;
      return number(0, 6) + "#" + number(1, 5) + "," + number(0, 6) + "#" + number(1, 5);
    case 5:
      return one_in(2) ? "?" : "7";
    default:
      return "*";
  }
}

GeneratedCron ScheduleGenerator::cron(int near_hour) {
  GeneratedCron cron;
  if (one_in(40)) {
    const auto which = static_cast<std::size_t>(below(kNicknames.size()));
    cron.text = kNicknames[which];
    cron.is_time_of_day = cron.text != "@hourly";
    return cron;
  }
  bool single_second = true;
  bool single_minute = false;
  bool single_hour = false;
  std::string seconds;
  if (one_in(3)) seconds = field(0, 59, single_second, cron) + " ";
  const auto minutes = field(0, 59, single_minute, cron);
  const auto of_day = hours(near_hour, single_hour, cron);
  const auto days = day(cron);
  const auto months = month(cron);
  const auto weekdays = weekday(cron);
  cron.text = seconds + minutes + " " + of_day + " " + days + " " + months + " " + weekdays;
  cron.is_time_of_day = single_second && single_minute && single_hour;
  const auto says_nothing = [](const std::string& field) { return field == "*" || field == "?"; };
  cron.has_star_step_days = !says_nothing(days) && !says_nothing(weekdays) &&
                            (days.starts_with("*/") || weekdays.starts_with("*/"));
  return cron;
}

}  // namespace tba::tests
