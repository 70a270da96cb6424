#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/system/result.hpp>

#include "shared/clock.h"

namespace tba {

/// What is wrong with a cron expression, and at which of its bytes.
struct CronProblem {
  std::string message;
  std::size_t offset = 0;
  std::size_t length = 1;
};

/// Five fields as in crontab(5): minute, hour, day of the month, month, day of the week; in UTC.
/// Each is `*`, a number, a range `a-b`, any of them with a step `/n`, or a comma-separated list of
/// these; months and days of the week also by their first three letters, 7 is Sunday too. Where
/// both days are restricted (neither field begins with `*`) a day that fits either is taken.
class Cron {
 public:
  /// Reads an expression. One that no day ever fits ("0 0 30 2 *") is a problem too.
  static boost::system::result<Cron, CronProblem> parse(std::string_view text);

  /// As it was written.
  const std::string& text() const { return text_; }

  /// The first instant after `after` that fits; always on a full minute. None within ten years
  /// means never, and happens only close to the end of the calendar.
  std::optional<Instant> next_after(Instant after) const;

 private:
  Cron() = default;
  bool fits(std::chrono::year_month_day day) const;

  std::string text_;
  std::uint64_t minutes_ = 0;  // bit n stands for minute n, and so on
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t weekdays_ = 0;  // bit 0 is Sunday
  bool any_day_ = false;        // the field began with *
  bool any_weekday_ = false;
};

/// Each multiple of a period since 1970-01-01T00:00:00Z: the slots do not depend on when somebody
/// began to look.
struct Every {
  std::chrono::milliseconds period{0};  ///< At least a second.

  std::optional<Instant> next_after(Instant after) const;
};

using Schedule = std::variant<Cron, Every>;

/// The first slot after `after`. A pure function: who restarts, or when, changes nothing.
std::optional<Instant> next_after(const Schedule& schedule, Instant after);

/// "0 9 * * MON-FRI", "every 15m".
std::string text_of(const Schedule& schedule);

/// Called by value() on a parse that nobody checked: a bug, thrown as std::logic_error.
[[noreturn]] void throw_exception_from_error(const CronProblem& problem,
                                             const boost::source_location& where);

}  // namespace tba
