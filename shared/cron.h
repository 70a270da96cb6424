#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace tba {

/// What is wrong with a cron expression, and at which of its bytes.
struct CronProblem {
  std::string message;
  std::size_t offset = 0;
  std::size_t length = 1;
};

/// What the fields of a cron expression allow. Bit n of a mask stands for the number n.
struct CronFields {
  std::uint64_t seconds = 1;
  std::uint64_t minutes = 0;
  std::uint64_t hours = 0;
  std::uint64_t days = 0;                 ///< Of the month.
  std::uint64_t days_from_last = 0;       ///< L is bit 0, L-3 is bit 3.
  std::uint64_t near_days = 0;            ///< 15W
  std::uint64_t near_days_from_last = 0;  ///< LW is bit 0.
  std::uint64_t months = 0;
  std::uint64_t weekdays = 0;                   ///< Sunday is bit 0.
  std::array<std::uint64_t, 5> nth_weekdays{};  ///< MON#1 in the first, and so on.
  std::uint64_t last_weekdays = 0;              ///< 5L
  bool any_day = false;                         ///< The field begins with * or ?.
  bool any_weekday = false;
};

/// Times of the clock on the wall, as in crontab(5) and beyond: five fields (minute, hour, day of
/// the month, month, day of the week), or six with the second before them. Each is a
/// comma-separated list of `*`, numbers, ranges `a-b`, and any of these with a step `/n`; months
/// and days of the week also by their first three letters, 7 is Sunday too. In the day of the month
/// `L` is the last one, `L-3` the third before it, `15W` the weekday next to the 15th within the
/// month, `LW` the last weekday; in the day of the week `5L` is the last Friday of the month, `5#2`
/// the second one. `?` stands for `*` in either. Where both days are restricted (neither field
/// begins with `*` or `?`) a day that fits either is taken. `@daily` and its like stand for whole
/// expressions.
class Cron {
 public:
  using Time = std::chrono::local_seconds;

  /// Reads an expression. One that no day ever fits ("0 0 30 2 *") is a problem too.
  static boost::system::result<Cron, CronProblem> parse(std::string_view text);

  /// As it was written.
  const std::string& text() const { return text_; }

  /// The first time that fits, from `from` on and before `end`. Jumps from field to field: nothing
  /// is counted up but months in which no day fits.
  std::optional<Time> first_in(Time from, Time end) const;

  /// Whether this time fits.
  bool fits(Time time) const { return first_in(time, time + std::chrono::seconds(1)).has_value(); }

  /// Whether it fires in each hour of a day, so that it is rather a period than a time of day.
  bool is_hourly() const;

 private:
  Cron(std::string text, const CronFields& fields) : text_(std::move(text)), fields_(fields) {}
  std::uint64_t fitting_days(std::chrono::year_month month) const;
  std::optional<std::chrono::local_days> first_day_in(std::chrono::local_days from, Time end) const;
  std::optional<std::chrono::seconds> first_time_of_day(std::chrono::seconds from) const;

  std::string text_;
  CronFields fields_;
};

/// Called by value() on a parse that nobody checked: a bug, thrown as std::logic_error.
[[noreturn]] void throw_exception_from_error(const CronProblem& problem,
                                             const boost::source_location& where);

}  // namespace tba
