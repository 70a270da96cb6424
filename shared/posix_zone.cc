#include "shared/posix_zone.h"

namespace tba {

using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year;

/// Takes the rule from the text piece by piece; what is missing stays missing.
class PosixZone::Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<PosixZone> read() {
    PosixZone zone;
    if (!take_name()) return std::nullopt;
    const auto standard = take_offset();
    if (!standard) return std::nullopt;
    zone.standard_offset_ = -*standard;  // POSIX counts to the west
    if (rest_.empty()) return zone;
    if (!take_name()) return std::nullopt;
    Summer summer;
    summer.offset = zone.standard_offset_ + hours(1);
    if (!rest_.empty() && rest_.front() != ',') {
      const auto offset = take_offset();
      if (!offset) return std::nullopt;
      summer.offset = -*offset;
    }
    const auto begin = take_day();
    const auto end = begin ? take_day() : std::nullopt;
    if (!end || !rest_.empty()) return std::nullopt;
    summer.begin = *begin;
    summer.end = *end;
    zone.summer_ = summer;
    return zone;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  /// "CET", "<+0330>"; its text says nothing that matters here.
  bool take_name() {
    if (take('<')) {
      const auto end = rest_.find('>');
      if (end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 1);
      return true;
    }
    std::size_t length = 0;
    while (length < rest_.size() && is_letter(rest_[length])) ++length;
    rest_.remove_prefix(length);
    return length >= 3;
  }

  std::optional<unsigned> take_number(unsigned low, unsigned high) {
    unsigned number = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && is_digit(rest_[digits]) && digits < 3; ++digits)
      number = number * 10 + static_cast<unsigned>(rest_[digits] - '0');
    rest_.remove_prefix(digits);
    if (digits == 0 || number < low || number > high) return std::nullopt;
    return number;
  }

  /// "[+-]hh[:mm[:ss]]"
  std::optional<seconds> take_offset() {
    const bool is_negative = take('-');
    if (!is_negative) take('+');
    const auto hour = take_number(0, 167);
    if (!hour) return std::nullopt;
    seconds sum = hours(*hour);
    for (const seconds unit : {seconds(60), seconds(1)}) {
      if (!take(':')) break;
      const auto number = take_number(0, 59);
      if (!number) return std::nullopt;
      sum += *number * unit;
    }
    return is_negative ? -sum : sum;
  }

  /// ",M3.5.0/2", ",J60", ",59"
  std::optional<Day> take_day() {
    if (!take(',')) return std::nullopt;
    Day day;
    if (take('M')) {
      day.kind = Day::Kind::weekday;
      const auto month = take_number(1, 12);
      const auto week = month && take('.') ? take_number(1, 5) : std::nullopt;
      const auto weekday = week && take('.') ? take_number(0, 6) : std::nullopt;
      if (!weekday) return std::nullopt;
      day.month = *month;
      day.week = *week;
      day.weekday = *weekday;
    } else {
      const bool is_julian = take('J');
      day.kind = is_julian ? Day::Kind::julian : Day::Kind::zero_based;
      const auto number = is_julian ? take_number(1, 365) : take_number(0, 365);
      if (!number) return std::nullopt;
      day.number = *number;
    }
    if (take('/')) {
      const auto time = take_offset();
      if (!time) return std::nullopt;
      day.time = *time;
    }
    return day;
  }

  std::string_view rest_;
};

std::optional<PosixZone> PosixZone::parse(std::string_view text) {
  return Reader(text).read();
}

std::chrono::local_seconds PosixZone::Day::in(year year) const {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): nothing but calendar here
  if (kind == Kind::weekday) {
    const auto of_month = year / std::chrono::month(month);
    if (week == 5) return local_days(of_month / std::chrono::weekday(weekday)[last]) + time;
    return local_days(of_month / std::chrono::weekday(weekday)[week]) + time;
  }
  const local_days first(year / January / 1);
  const bool is_after_leap_day = kind == Kind::julian && year.is_leap() && number >= 60;
  const auto days_on = kind == Kind::julian ? number - 1 + (is_after_leap_day ? 1 : 0) : number;
  return first + days(days_on) + time;
}

std::array<PosixZone::Change, 2> PosixZone::changes_in(year year) const {
  const auto instant = [](std::chrono::local_seconds local, seconds offset) {
    return Instant(local.time_since_epoch() - offset);
  };
  return {{{instant(summer_->begin.in(year), standard_offset_), summer_->offset},
           {instant(summer_->end.in(year), summer_->offset), standard_offset_}}};
}

}  // namespace tba
