#include "shared/cron_reader.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/suggestion.h"
#include "shared/uri.h"

namespace tba {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNicknames{{
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
}};

struct Field {
  std::string_view name;
  unsigned low, high;
  std::span<const std::string_view> names;  // of low, low + 1, …
};

constexpr Field kSecond{"second", 0, 59, {}};
constexpr Field kMinute{"minute", 0, 59, {}};
constexpr Field kHour{"hour", 0, 23, {}};
constexpr Field kDay{"day of the month", 1, 31, {}};
constexpr Field kMonth{"month", 1, 12, kMonths};
constexpr Field kWeekday{"day of the week", 0, 7, kWeekdays};

// A piece of the expression and where in it it stands.
struct Piece {
  std::string_view text;
  std::size_t offset;

  Piece part(std::size_t begin, std::size_t length = std::string_view::npos) const {
    return {text.substr(begin, length), offset + begin};
  }
  Piece without_last() const { return part(0, text.size() - 1); }
  bool ends_with(char letter) const {
    return !text.empty() && (text.back() | 0x20) == (letter | 0x20);
  }
};

std::vector<Piece> split(Piece whole, std::string_view separators, bool keep_empty) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= whole.text.size(); ++at) {
    if (at < whole.text.size() && separators.find(whole.text[at]) == std::string_view::npos) {
      continue;
    }
    if (keep_empty || at > begin) pieces.push_back(whole.part(begin, at - begin));
    begin = at + 1;
  }
  return pieces;
}

CronProblem problem(Piece piece, std::string message) {
  return {std::move(message), piece.offset, std::max<std::size_t>(piece.text.size(), 1)};
}

template <class T = void>
using Read = boost::system::result<T, CronProblem>;

Read<unsigned> read_number(Piece piece, const Field& field) {
  for (unsigned i = 0; i < field.names.size(); ++i) {
    if (equal_ignoring_case(piece.text, field.names[i])) return field.low + i;
  }
  unsigned number = 0;
  const auto* end = piece.text.data() + piece.text.size();
  const auto [rest, failure] = std::from_chars(piece.text.data(), end, number);
  if (failure == std::errc::invalid_argument || rest != end) {
    return problem(piece, fmt::format("'{}' is not a {}", piece.text, field.name));
  }
  if (failure != std::errc() || number < field.low || number > field.high) {
    return problem(piece, fmt::format("{} '{}' is not from {} to {}", field.name, piece.text,
                                      field.low, field.high));
  }
  return number;
}

struct Range {
  unsigned first, last;
};

// "*", "?", "5", "1-5"; `to_end` lets a single number stand for all from it on.
Read<Range> read_range(Piece range, const Field& field, bool to_end) {
  // Sunday has two numbers; "*" takes it once.
  const auto highest = field.high == 7 ? 6 : field.high;
  if (range.text == "*") return Range{field.low, highest};
  if (range.text == "?") {
    if (&field == &kDay || &field == &kWeekday) return Range{field.low, highest};
    return problem(range, "'?' stands only for a day of the month or of the week");
  }
  const auto dash = range.text.find('-');
  const auto first = read_number(range.part(0, dash), field);
  if (!first) return first.error();
  if (dash == std::string_view::npos) return Range{*first, to_end ? highest : *first};
  auto last = read_number(range.part(dash + 1), field);
  if (!last) return last.error();
  // "FRI-SUN": as the end of a range a Sunday by name is the one after Saturday.
  if (field.high == 7 && equal_ignoring_case(range.text.substr(dash + 1), "sun")) last = 7;
  if (*last < *first) {
    return problem(range, fmt::format("range '{}' runs backwards", range.text));
  }
  return Range{*first, *last};
}

// "*", "5", "1-5", each with "/n" or without.
Read<std::uint64_t> read_numbers(Piece item, const Field& field) {
  const auto slash = item.text.find('/');
  const bool has_step = slash != std::string_view::npos;
  unsigned step = 1;
  if (has_step) {
    const auto read = read_number(item.part(slash + 1), {"step", 1, field.high, {}});
    if (!read) return read.error();
    step = *read;
  }
  const auto range = read_range(item.part(0, slash), field, has_step);
  if (!range) return range.error();
  std::uint64_t bits = 0;
  for (unsigned number = range->first; number <= range->last; number += step)
    bits |= std::uint64_t{1} << number;
  return bits;
}

// "L", "L-3", "LW", "L-3W", "15W", or plain numbers.
Read<> read_day(Piece item, CronFields& fields) {
  const bool is_near = item.ends_with('W');
  const auto day = is_near ? item.without_last() : item;
  if (!day.text.empty() && (day.text.front() == 'L' || day.text.front() == 'l')) {
    unsigned before_last = 0;
    if (day.text.size() > 1) {
      if (day.text[1] != '-') {
        return problem(item, fmt::format("'{}' is not a day of the month: behind L there may be a "
                                         "number of days, as in L-3, and W",
                                         item.text));
      }
      const auto read = read_number(day.part(2), {"number of days before the last", 1, 30, {}});
      if (!read) return read.error();
      before_last = *read;
    }
    auto& mask = is_near ? fields.near_days_from_last : fields.days_from_last;
    mask |= std::uint64_t{1} << before_last;
    return {};
  }
  if (is_near) {
    if (day.text.find_first_of("*-/?") != std::string_view::npos || day.text.empty()) {
      return problem(item, "'W' follows a single day of the month, or L");
    }
    const auto read = read_number(day, kDay);
    if (!read) return read.error();
    fields.near_days |= std::uint64_t{1} << *read;
    return {};
  }
  const auto read = read_numbers(item, kDay);
  if (!read) return read.error();
  fields.days |= *read;
  return {};
}

std::uint64_t weekday_bit(unsigned number) {
  return std::uint64_t{1} << number % 7;
}

// "5L", "MON#2", or plain numbers.
Read<> read_weekday(Piece item, CronFields& fields) {
  const auto hash = item.text.find('#');
  const bool is_last = hash == std::string_view::npos && item.ends_with('L');
  if (hash == std::string_view::npos && !is_last) {
    const auto read = read_numbers(item, kWeekday);
    if (!read) return read.error();
    fields.weekdays |= (*read | *read >> 7) & 0x7F;  // 7 is Sunday too
    return {};
  }
  const auto day = is_last ? item.without_last() : item.part(0, hash);
  if (day.text.find_first_of("*-/?") != std::string_view::npos || day.text.empty()) {
    return problem(item, is_last ? "'L' follows a single day of the week, as in 5L"
                                 : "'#' follows a single day of the week, as in MON#2");
  }
  const auto weekday = read_number(day, kWeekday);
  if (!weekday) return weekday.error();
  if (is_last) {
    fields.last_weekdays |= weekday_bit(*weekday);
    return {};
  }
  const auto nth = read_number(item.part(hash + 1), {"week of the month", 1, 5, {}});
  if (!nth) return nth.error();
  fields.nth_weekdays[*nth - 1] |= weekday_bit(*weekday);
  return {};
}

// What stands in a field where only another takes it is told by its name.
Read<> refuse_strangers(Piece item, const Field& field) {
  struct Stranger {
    char letter;
    std::string_view message;
  };
  static constexpr std::array<Stranger, 3> kStrangers{{
      {'#', "'#' stands only in the day of the week"},
      {'L', "'L' stands only in the day of the month and of the week"},
      {'W', "'W' stands only in the day of the month"},
  }};
  const auto rest = item.text.substr(0, item.text.find_first_of("#LWlw"));
  const bool is_number =
      !rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos;
  for (const auto& [letter, message] : kStrangers) {
    const bool is_known = &field == &kWeekday ? letter != 'W' : &field == &kDay && letter != '#';
    const bool is_alone = item.text.size() == 1 && item.ends_with(letter);
    const bool is_behind = (is_number && item.ends_with(letter)) ||
                           (letter == '#' && item.text.find('#') != std::string_view::npos);
    if (!is_known && (is_alone || is_behind)) return problem(item, std::string(message));
  }
  return {};
}

Read<> read_item(Piece item, const Field& field, CronFields& fields, std::uint64_t& bits) {
  if (item.text.empty()) return problem(item, fmt::format("a {} is missing", field.name));
  if (auto stranger = refuse_strangers(item, field); !stranger) return stranger;
  if (&field == &kDay) return read_day(item, fields);
  if (&field == &kWeekday) return read_weekday(item, fields);
  const auto read = read_numbers(item, field);
  if (!read) return read.error();
  bits |= *read;
  return {};
}

Read<CronFields> read_nickname(Piece whole) {
  std::vector<std::string> known;
  for (const auto& [name, meaning] : kNicknames) {
    if (equal_ignoring_case(whole.text, name)) return read_cron_fields(meaning);
    known.emplace_back(name);
  }
  return problem(whole, fmt::format("'{}' is none of {}{}", whole.text, fmt::join(known, ", "),
                                    did_you_mean(whole.text, known)));
}

}  // namespace

boost::system::result<CronFields, CronProblem> read_cron_fields(std::string_view text) {
  const Piece whole{text, 0};
  const auto pieces = split(whole, " \t", false);
  if (pieces.size() == 1 && pieces.front().text.starts_with('@')) {
    return read_nickname(pieces.front());
  }
  if (pieces.size() != 5 && pieces.size() != 6) {
    return problem(whole, fmt::format("a cron expression has five fields (minute, hour, day of the "
                                      "month, month, day of the week), or six with the second "
                                      "before them, not {}",
                                      pieces.size()));
  }
  CronFields fields;
  const std::array<std::pair<const Field*, std::uint64_t*>, 6> targets{{
      {&kSecond, &fields.seconds},
      {&kMinute, &fields.minutes},
      {&kHour, &fields.hours},
      {&kDay, &fields.days},
      {&kMonth, &fields.months},
      {&kWeekday, &fields.weekdays},
  }};
  if (pieces.size() == targets.size()) fields.seconds = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& [field, bits] = targets[targets.size() - pieces.size() + i];
    for (const auto& item : split(pieces[i], ",", true)) {
      if (auto read = read_item(item, *field, fields, *bits); !read) return read.error();
    }
  }
  const auto begins_openly = [](Piece field) {
    return field.text[0] == '*' || field.text[0] == '?';
  };
  fields.any_day = begins_openly(pieces[pieces.size() - 3]);
  fields.any_weekday = begins_openly(pieces.back());
  return fields;
}

}  // namespace tba
