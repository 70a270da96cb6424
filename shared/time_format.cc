#include "shared/time_format.h"

#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "shared/value/json.h"

namespace tba {
namespace {

using namespace std::chrono;  // NOLINT(google-build-using-namespace): this file is all calendar

// Reads the text from its beginning on; any failure stays.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) return fail();
      number = number * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return number;
  }

  bool take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view any_of) {
    if (!take(any_of)) fail();
  }

  year_month_day date() {
    const year of_year(digits(4));
    expect("-");
    const month of_month(static_cast<unsigned>(digits(2)));
    expect("-");
    return of_year / of_month / day(static_cast<unsigned>(digits(2)));
  }

  // The decimals after a point, of which six count.
  microseconds fraction() {
    int micros = 0;
    int places = 0;
    do {
      const int digit = digits(1);
      if (places++ < 6) micros = micros * 10 + digit;
    } while (!failed_ && !rest_.empty() && is_digit(rest_.front()));
    for (; places < 6; ++places) micros *= 10;
    return microseconds(micros);
  }

  bool is_done() const { return !failed_ && rest_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  int fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::string format_time(Instant time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<Instant> parse_time(std::string_view text) {
  Cursor cursor(text);
  const auto date = cursor.date();
  cursor.expect("Tt ");
  const int hour = cursor.digits(2);
  cursor.expect(":");
  const int minute = cursor.digits(2);
  cursor.expect(":");
  const int second = cursor.digits(2);
  const auto fraction = cursor.take(".") ? cursor.fraction() : microseconds(0);
  int offset_hours = 0;
  int offset_minutes = 0;
  if (!cursor.take("Zz")) {
    const bool is_west = cursor.take("-");
    if (!is_west) cursor.expect("+");
    offset_hours = cursor.digits(2);
    cursor.expect(":");
    offset_minutes = cursor.digits(2);
    if (offset_hours > 23 || offset_minutes > 59) cursor.expect("");
    if (is_west) {
      offset_hours = -offset_hours;
      offset_minutes = -offset_minutes;
    }
  }
  if (!cursor.is_done() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return Error{ErrorCode::invalid, fmt::format("'{}' is not a time", text),
                 "write an RFC 3339 date and time: 2026-11-23T09:00:00Z"};
  }
  return sys_days(date) + hours(hour - offset_hours) + minutes(minute - offset_minutes) +
         seconds(second) + fraction;
}

std::optional<local_seconds> parse_local_time(std::string_view text) {
  Cursor cursor(text);
  const auto date = cursor.date();
  cursor.expect("Tt ");
  const int hour = cursor.digits(2);
  cursor.expect(":");
  const int minute = cursor.digits(2);
  const int second = cursor.take(":") ? cursor.digits(2) : 0;
  if (!cursor.is_done() || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return local_days(date) + hours(hour) + minutes(minute) + seconds(second);
}

Result<Instant> time_of(const Value& value) {
  if (value.is_string()) return parse_time(value.as_string());
  constexpr double kLatest = 253'402'300'799;  // the end of the year 9999
  if (value.is_number() && std::abs(value.as_number()) <= kLatest) {
    const std::chrono::duration<double> seconds(value.as_number());
    return Instant(std::chrono::round<Duration>(seconds));
  }
  return Error{ErrorCode::invalid,
               to_json(value).substr(0, 80) + " is no time such as 2026-01-31T09:00:00Z",
               "RFC 3339 with an offset, or seconds since 1970"};
}

}  // namespace tba
