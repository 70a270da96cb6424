#include "shared/schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/duration.h"
#include "shared/uri.h"

namespace tba {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int kSearchYears = 10;  // leap days are at most eight years apart

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  unsigned low, high;
  std::span<const std::string_view> names;  // of low, low + 1, …
};

constexpr std::array<Field, 5> kFields{{
    {"minute", 0, 59, {}},
    {"hour", 0, 23, {}},
    {"day of the month", 1, 31, {}},
    {"month", 1, 12, kMonths},
    {"day of the week", 0, 7, kWeekdays},
}};

// A piece of the expression and where in it it stands.
struct Piece {
  std::string_view text;
  std::size_t offset;
};

std::vector<Piece> split(Piece whole, auto is_separator, bool keep_empty) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= whole.text.size(); ++at) {
    if (at < whole.text.size() && !is_separator(whole.text[at])) continue;
    if (keep_empty || at > begin) {
      pieces.push_back({whole.text.substr(begin, at - begin), whole.offset + begin});
    }
    begin = at + 1;
  }
  return pieces;
}

CronProblem problem(Piece piece, std::string message) {
  return {std::move(message), piece.offset, std::max<std::size_t>(piece.text.size(), 1)};
}

template <class T>
using Read = boost::system::result<T, CronProblem>;

Read<unsigned> read_number(Piece piece, const Field& field, unsigned low, unsigned high) {
  for (unsigned i = 0; i < field.names.size(); ++i) {
    if (equal_ignoring_case(piece.text, field.names[i])) return field.low + i;
  }
  unsigned number = 0;
  const auto* end = piece.text.data() + piece.text.size();
  const auto [rest, failure] = std::from_chars(piece.text.data(), end, number);
  if (failure == std::errc::invalid_argument || rest != end) {
    return problem(piece, fmt::format("'{}' is not a {}", piece.text, field.name));
  }
  if (failure != std::errc() || number < low || number > high) {
    return problem(piece,
                   fmt::format("{} '{}' is not from {} to {}", field.name, piece.text, low, high));
  }
  return number;
}

// "*", "5", "1-5", each with "/n" or without.
Read<std::uint64_t> read_item(Piece item, const Field& field) {
  if (item.text.empty()) return problem(item, fmt::format("a {} is missing", field.name));
  unsigned step = 1;
  const auto slash = item.text.find('/');
  Piece range = item;
  if (slash != std::string_view::npos) {
    range.text = item.text.substr(0, slash);
    const Piece steps{item.text.substr(slash + 1), item.offset + slash + 1};
    const Field any{"step", 1, field.high, {}};
    const auto read = read_number(steps, any, 1, field.high);
    if (!read) return read.error();
    step = *read;
  }
  unsigned first = field.low;
  // Sunday has two numbers; "*" takes it once.
  unsigned last = field.high == 7 ? 6 : field.high;
  if (range.text != "*") {
    const auto dash = range.text.find('-');
    const auto from =
        read_number({range.text.substr(0, dash), range.offset}, field, field.low, field.high);
    if (!from) return from.error();
    first = *from;
    if (dash != std::string_view::npos) {
      const auto to = read_number({range.text.substr(dash + 1), range.offset + dash + 1}, field,
                                  field.low, field.high);
      if (!to) return to.error();
      last = *to;
    } else if (slash == std::string_view::npos) {
      last = first;
    }
    if (last < first) return problem(range, fmt::format("range '{}' runs backwards", range.text));
  }
  std::uint64_t bits = 0;
  for (unsigned number = first; number <= last; number += step) bits |= std::uint64_t{1} << number;
  return bits;
}

Read<std::uint64_t> read_field(Piece text, const Field& field) {
  std::uint64_t bits = 0;
  for (const auto& item : split(
           text, [](char c) { return c == ','; }, true)) {
    const auto read = read_item(item, field);
    if (!read) return read.error();
    bits |= *read;
  }
  return bits;
}

bool has(std::uint64_t bits, unsigned number) {
  return ((bits >> number) & 1U) != 0;
}

}  // namespace

boost::system::result<Cron, CronProblem> Cron::parse(std::string_view text) {
  const Piece whole{text, 0};
  const auto fields = split(
      whole, [](char c) { return c == ' ' || c == '\t'; }, false);
  if (fields.size() != kFields.size()) {
    return problem(whole, fmt::format("a cron expression has five fields (minute, hour, day of the "
                                      "month, month, day of the week), not {}",
                                      fields.size()));
  }
  std::array<std::uint64_t, 5> bits{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const auto read = read_field(fields[i], kFields[i]);
    if (!read) return read.error();
    bits[i] = *read;
  }
  if (has(bits[4], 7)) bits[4] |= 1;
  Cron cron;
  cron.text_ = text;
  cron.minutes_ = bits[0];
  cron.hours_ = bits[1];
  cron.days_ = bits[2];
  cron.months_ = bits[3];
  cron.weekdays_ = bits[4];
  cron.any_day_ = fields[2].text.starts_with('*');
  cron.any_weekday_ = fields[4].text.starts_with('*');
  if (!cron.next_after(Instant{})) {
    return problem(whole, "no day ever fits this cron expression");
  }
  return cron;
}

bool Cron::fits(year_month_day day) const {
  const bool day_fits = has(days_, static_cast<unsigned>(day.day()));
  const bool weekday_fits = has(weekdays_, std::chrono::weekday(sys_days(day)).c_encoding());
  return any_day_ || any_weekday_ ? day_fits && weekday_fits : day_fits || weekday_fits;
}

std::optional<Instant> Cron::next_after(Instant after) const {
  const auto start = floor<std::chrono::minutes>(after) + std::chrono::minutes(1);
  const auto first_day = floor<days>(start);
  const auto last_day = first_day + days(366 * kSearchYears);
  for (auto day = first_day; day <= last_day;) {
    const year_month_day date(day);
    if (!has(months_, static_cast<unsigned>(date.month()))) {
      day = sys_days((date.year() / date.month() + std::chrono::months(1)) / 1);
      continue;
    }
    if (fits(date)) {
      for (auto minute = day == first_day ? (start - day).count() : 0; minute < 24 * 60;) {
        const auto hour = static_cast<unsigned>(minute / 60);
        if (!has(hours_, hour)) {
          minute = (hour + 1) * 60;
        } else if (!has(minutes_, static_cast<unsigned>(minute % 60))) {
          ++minute;
        } else {
          return day + std::chrono::minutes(minute);
        }
      }
    }
    day += days(1);
  }
  return std::nullopt;
}

std::optional<Instant> Every::next_after(Instant after) const {
  const auto since = floor<std::chrono::milliseconds>(after).time_since_epoch();
  auto slots = since / period;
  if (since % period < std::chrono::milliseconds(0)) --slots;
  return Instant(period * (slots + 1));
}

std::optional<Instant> next_after(const Schedule& schedule, Instant after) {
  return std::visit([&](const auto& kind) { return kind.next_after(after); }, schedule);
}

std::string text_of(const Schedule& schedule) {
  if (const auto* cron = std::get_if<Cron>(&schedule)) return cron->text();
  return "every " + format_duration(std::get<Every>(schedule).period);
}

void throw_exception_from_error(const CronProblem& found, const boost::source_location& where) {
  throw std::logic_error("unchecked failure at " + where.to_string() + ": " + found.message);
}

}  // namespace tba
