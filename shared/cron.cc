#include "shared/cron.h"

#include <bit>
#include <stdexcept>
#include <utility>

#include "shared/cron_reader.h"

namespace tba {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr std::uint64_t bit(unsigned number) {
  return std::uint64_t{1} << number;
}

/// The lowest bit of the mask from `low` on.
std::optional<unsigned> next_bit(std::uint64_t mask, unsigned low) {
  const auto rest = low < 64 ? mask >> low << low : 0;
  if (rest == 0) return std::nullopt;
  return static_cast<unsigned>(std::countr_zero(rest));
}

/// A month's days: bit 1 is the first.
class Days {
 public:
  explicit Days(year_month month)
      : count_(static_cast<unsigned>(year_month_day(local_days(month / std::chrono::last)).day())),
        first_weekday_(std::chrono::weekday(local_days(month / 1)).c_encoding()) {}

  std::uint64_t all() const { return (bit(count_) - 1) << 1; }

  /// The n-th of these weekdays, counted from 0.
  std::uint64_t nth(std::uint64_t weekdays, unsigned n) const {
    // The first week begins on the 1st: turn the mask until that weekday is bit 0, then day 1.
    const auto turned = weekdays >> first_weekday_ | weekdays << (7 - first_weekday_);
    return (turned & 0x7F) << (1 + 7 * n) & all();
  }

  std::uint64_t every(std::uint64_t weekdays) const {
    std::uint64_t found = 0;
    for (unsigned week = 0; week < 5; ++week) found |= nth(weekdays, week);
    return found;
  }

  std::uint64_t last(std::uint64_t weekdays) const {
    const auto fifth = nth(weekdays, 4);
    // A weekday that has no fifth one in this month has its last one a week earlier.
    return fifth | (nth(weekdays, 3) & ~(fifth >> 7));
  }

  /// Numbers that count from the last day (bit 0) to the first.
  std::uint64_t from_last(std::uint64_t numbers) const {
    std::uint64_t found = 0;
    for (auto n = next_bit(numbers, 0); n && *n < count_; n = next_bit(numbers, *n + 1))
      found |= bit(count_ - *n);
    return found;
  }

  /// For each of these days the one from Monday to Friday that is nearest to it in this month.
  std::uint64_t nearest_weekdays(std::uint64_t wanted) const {
    constexpr unsigned kSaturday = 6;
    std::uint64_t found = 0;
    for (auto day = next_bit(wanted & all(), 0); day; day = next_bit(wanted & all(), *day + 1)) {
      const auto weekday = (first_weekday_ + *day - 1) % 7;
      auto nearest = *day;
      if (weekday == kSaturday) nearest = *day > 1 ? *day - 1 : *day + 2;
      if (weekday == 0) nearest = *day < count_ ? *day + 1 : *day - 2;
      found |= bit(nearest);
    }
    return found;
  }

 private:
  unsigned count_;
  unsigned first_weekday_;
};

}  // namespace

boost::system::result<Cron, CronProblem> Cron::parse(std::string_view text) {
  const auto fields = read_cron_fields(text);
  if (!fields) return fields.error();
  Cron cron(std::string(text), *fields);
  // The calendar repeats itself after 400 years.
  const Time from{};
  if (!cron.first_in(from, from + std::chrono::years(400))) {
    return CronProblem{"no day ever fits this cron expression", 0, text.size()};
  }
  return cron;
}

bool Cron::is_hourly() const {
  return fields_.hours == bit(24) - 1;
}

std::uint64_t Cron::fitting_days(year_month month) const {
  const Days of_month(month);
  auto by_day = (fields_.days & of_month.all()) | of_month.from_last(fields_.days_from_last);
  if ((fields_.near_days | fields_.near_days_from_last) != 0) {
    by_day |= of_month.nearest_weekdays(fields_.near_days |
                                        of_month.from_last(fields_.near_days_from_last));
  }
  auto by_weekday = of_month.every(fields_.weekdays) | of_month.last(fields_.last_weekdays);
  for (unsigned n = 0; n < fields_.nth_weekdays.size(); ++n)
    by_weekday |= of_month.nth(fields_.nth_weekdays[n], n);
  return fields_.any_day || fields_.any_weekday ? by_day & by_weekday : by_day | by_weekday;
}

std::optional<local_days> Cron::first_day_in(local_days from, Time end) const {
  const year_month_day date(from);
  year_month month = date.year() / date.month();
  auto day = static_cast<unsigned>(date.day());
  while (local_days(month / 1) < end) {
    if ((fields_.months & bit(static_cast<unsigned>(month.month()))) != 0) {
      if (const auto found = next_bit(fitting_days(month), day)) {
        return local_days(month / std::chrono::day(*found));
      }
    }
    month += months(1);
    day = 1;
  }
  return std::nullopt;
}

std::optional<seconds> Cron::first_time_of_day(seconds from) const {
  const std::chrono::hh_mm_ss clock(from);
  const auto from_hour = static_cast<unsigned>(clock.hours().count());
  const auto from_minute = static_cast<unsigned>(clock.minutes().count());
  const auto from_second = static_cast<unsigned>(clock.seconds().count());
  const auto at = [](unsigned hour, unsigned minute, unsigned second) {
    return hours(hour) + minutes(minute) + seconds(second);
  };
  const auto first_minute = *next_bit(fields_.minutes, 0);
  const auto first_second = *next_bit(fields_.seconds, 0);
  const auto hour = next_bit(fields_.hours, from_hour);
  if (!hour) return std::nullopt;
  if (*hour > from_hour) return at(*hour, first_minute, first_second);
  if (const auto minute = next_bit(fields_.minutes, from_minute)) {
    if (*minute > from_minute) return at(*hour, *minute, first_second);
    if (const auto second = next_bit(fields_.seconds, from_second)) {
      return at(*hour, *minute, *second);
    }
    if (const auto later = next_bit(fields_.minutes, from_minute + 1)) {
      return at(*hour, *later, first_second);
    }
  }
  const auto later = next_bit(fields_.hours, from_hour + 1);
  if (!later) return std::nullopt;
  return at(*later, first_minute, first_second);
}

std::optional<Cron::Time> Cron::first_in(Time from, Time end) const {
  auto day = floor<days>(from);
  auto time = first_time_of_day(from - day);
  if (!time) day += days(1);
  const auto found = first_day_in(day, end);
  if (!found) return std::nullopt;
  if (!time || *found != day) time = first_time_of_day(seconds(0));
  const auto first = *found + *time;
  return first < end ? std::optional<Time>(first) : std::nullopt;
}

void throw_exception_from_error(const CronProblem& found, const boost::source_location& where) {
  throw std::logic_error("unchecked failure at " + where.to_string() + ": " + found.message);
}

}  // namespace tba
