#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <locale.h>

#include "shared/expression/functions/access.h"
#include "shared/expression/functions/tables.h"

namespace tba::expression::detail {
namespace {

// jq's "broken down time" is an array: year, month from 0, day of the month, hour, minute, second
// with its fraction, day of the week from Sunday, day of the year from 0.

constexpr const char* kIsoFormat = "%Y-%m-%dT%H:%M:%SZ";  // what todate and fromdate know
constexpr std::size_t kParts = 8;

/// English names, whatever the machine speaks.
locale_t c_locale() {
  static const locale_t kLocale = ::newlocale(LC_ALL_MASK, "C", nullptr);
  return kLocale;
}

Value broken_down(const std::tm& time, double fraction = 0) {
  const auto integer = [](int part) { return Value::integer(part); };
  return Value::array({Value::integer(std::int64_t{time.tm_year} + 1900), integer(time.tm_mon),
                       integer(time.tm_mday), integer(time.tm_hour), integer(time.tm_min),
                       Value::number(time.tm_sec + fraction), integer(time.tm_wday),
                       integer(time.tm_yday)});
}

/// Nothing where the array has fewer parts, or one is no number.
std::optional<std::tm> put_together(const Value& parts) {
  if (!parts.is_array() || parts.size() < kParts) return std::nullopt;
  std::array<int, kParts> fields{};
  for (std::size_t i = 0; i < kParts; ++i) {
    const auto& part = parts.items()[i];
    if (!part.is_number()) return std::nullopt;
    const std::int64_t offset = i == 0 ? 1900 : 0;
    constexpr std::int64_t kFarthest = 1'000'000'000;  // which leaves C room to calculate
    fields[i] = static_cast<int>(std::clamp(truncated(part), -kFarthest, kFarthest) - offset);
  }
  std::tm time{};
  time.tm_year = fields[0];
  time.tm_mon = fields[1];
  time.tm_mday = fields[2];
  time.tm_hour = fields[3];
  time.tm_min = fields[4];
  time.tm_sec = fields[5];
  time.tm_wday = fields[6];
  time.tm_yday = fields[7];
  return time;
}

// --- seconds since 1970, and back

using Convert = std::tm* (*)(const std::time_t*, std::tm*);

/// The fraction counts from the second before, while the second itself is cut towards zero, as in
/// jq: -1.5 has second 59.5 of the minute before 1970.
Outcome from_seconds(const Value& seconds, Convert convert) {
  const std::time_t whole = truncated(seconds);
  std::tm time{};
  if (convert(&whole, &time) == nullptr || !std::isfinite(seconds.as_number())) {
    return Failure{"error converting number of seconds since epoch to datetime"};
  }
  const double value = seconds.as_number();
  return broken_down(time, seconds.is_integer() ? 0 : value - std::floor(value));
}

Outcome gmtime(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return Failure{"gmtime() requires a number"};
  return from_seconds(input, ::gmtime_r);
}

Outcome localtime(Value input, std::span<Value>, Resources&) {
  if (!input.is_number()) return Failure{"localtime() requires a number"};
  return from_seconds(input, ::localtime_r);
}

Outcome mktime(Value input, std::span<Value>, Resources&) {
  if (!input.is_array()) return Failure{"mktime requires array of 6 numbers"};
  auto time = put_together(input);
  if (!time) return Failure{"mktime requires parsed datetime inputs"};
  errno = 0;
  const auto seconds = ::timegm(&*time);
  if (seconds == -1 && errno != 0) return Failure{"invalid gmtime representation"};
  return Value::integer(seconds);
}

Outcome now(Value, std::span<Value>, Resources& resources) {
  const std::chrono::duration<double> seconds = resources.now().time_since_epoch();
  return Value::number(seconds.count());
}

// --- texts

/// Fills in the zone, which broken-down time does not say.
void set_zone(std::tm& time, bool is_local) {
  if (!is_local) {
    time.tm_zone = "UTC";
    return;
  }
  auto copy = time;
  copy.tm_isdst = -1;
  ::mktime(&copy);
  time.tm_isdst = copy.tm_isdst;
  time.tm_gmtoff = copy.tm_gmtoff;
  time.tm_zone = copy.tm_zone;
}

Outcome formatted(std::string_view name, Value input, const Value& format, bool is_local) {
  if (input.is_number()) {
    auto parts = from_seconds(input, is_local ? ::localtime_r : ::gmtime_r);
    if (!parts) return parts;
    input = std::move(*parts);
  }
  if (!input.is_array()) return Failure{fmt::format("{} requires parsed datetime inputs", name)};
  if (!format.is_string()) return Failure{fmt::format("{} requires a string format", name)};
  auto time = put_together(input);
  if (!time) return Failure{fmt::format("{} requires parsed datetime inputs", name)};
  set_zone(*time, is_local);
  std::array<char, 4096> text;
  const auto size = ::strftime_l(text.data(), text.size(), std::string(format.as_string()).c_str(),
                                 &*time, c_locale());
  if (size == 0) return Failure{fmt::format("{}: unknown system failure", name)};
  return Value::string({text.data(), size});
}

Outcome strftime(Value input, std::span<Value> arguments, Resources& resources) {
  if (!resources.spend(arguments[0].bytes())) return resources.spent_steps();
  return formatted("strftime/1", std::move(input), arguments[0], false);
}

Outcome strflocaltime(Value input, std::span<Value> arguments, Resources& resources) {
  if (!resources.spend(arguments[0].bytes())) return resources.spent_steps();
  return formatted("strflocaltime/1", std::move(input), arguments[0], true);
}

/// The day of the week and of the year where the text did not give them.
void set_days(std::tm& time, int unknown_week_day, int unknown_year_day) {
  if (time.tm_mday < 1 || time.tm_mday > 31) return;
  auto copy = time;
  errno = 0;
  if (::timegm(&copy) == -1 && errno != 0) return;
  if (time.tm_wday == unknown_week_day) time.tm_wday = copy.tm_wday;
  if (time.tm_yday == unknown_year_day) time.tm_yday = copy.tm_yday;
}

/// What is behind the match has to begin with space, and comes as a ninth part.
Outcome parsed(const Value& input, const std::string& format) {
  constexpr int kUnknownWeekDay = 8;
  constexpr int kUnknownYearDay = 367;
  std::tm time{};
  time.tm_wday = kUnknownWeekDay;
  time.tm_yday = kUnknownYearDay;
  const std::string text(input.as_string());
  const auto* rest = ::strptime_l(text.c_str(), format.c_str(), &time, c_locale());
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  if (rest == nullptr || (*rest != '\0' && !is_space(*rest))) {
    return Failure{fmt::format("date \"{}\" does not match format \"{}\"", text, format)};
  }
  set_days(time, kUnknownWeekDay, kUnknownYearDay);
  auto parts = broken_down(time);
  return *rest == '\0' ? parts : std::move(parts).with_item(Value::string(rest));
}

Outcome strptime(Value input, std::span<Value> arguments, Resources& resources) {
  if (!resources.spend(arguments[0].bytes())) return resources.spent_steps();
  if (!input.is_string() || !arguments[0].is_string()) {
    return Failure{"strptime/1 requires string inputs and arguments"};
  }
  return parsed(input, std::string(arguments[0].as_string()));
}

Outcome todate(Value input, std::span<Value>, Resources&) {
  return formatted("strftime/1", std::move(input), Value::string(kIsoFormat), false);
}

Outcome fromdate(Value input, std::span<Value> none, Resources& resources) {
  if (!input.is_string()) return Failure{"strptime/1 requires string inputs and arguments"};
  auto parts = parsed(input, kIsoFormat);
  return parts ? mktime(std::move(*parts), none, resources) : parts;
}

/// The first argument names the unit, which jq does not look at: it is seconds.
template <Operator operation>
Outcome shifted(Value input, std::span<Value> arguments, Resources& resources) {
  return apply(operation, std::move(input), std::move(arguments[1]), resources);
}

constexpr auto kFunctions = std::to_array<Function>({
    {"date", 0, false, todate},
    {"dateadd", 2, false, shifted<Operator::add>},
    {"datesub", 2, false, shifted<Operator::subtract>},
    {"fromdate", 0, true, fromdate},
    {"fromdateiso8601", 0, true, fromdate},
    {"gmtime", 0, false, gmtime},
    {"localtime", 0, false, localtime},
    {"mktime", 0, false, mktime},
    {"now", 0, false, now},
    {"strflocaltime", 1, false, strflocaltime},
    {"strftime", 1, false, strftime},
    {"strptime", 1, true, strptime},
    {"todate", 0, false, todate},
    {"todateiso8601", 0, false, todate},
});

}  // namespace

std::span<const Function> date_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
