#include "shared/duration.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace tba {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::pair<std::string_view, milliseconds>, 5> kUnits{{
    {"d", std::chrono::days(1)},
    {"h", std::chrono::hours(1)},
    {"m", std::chrono::minutes(1)},
    {"s", std::chrono::seconds(1)},
    {"ms", milliseconds(1)},
}};

constexpr milliseconds kLongest = std::chrono::days(3650);

Error refusal(std::string_view text) {
  return {ErrorCode::invalid, fmt::format("'{}' is not a duration", text),
          "write a number and a unit: 500ms, 30s, 5m, 2h, 1d, 1h30m"};
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  milliseconds sum{0};
  auto rest = text;
  const auto* unit = kUnits.begin();
  do {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (failure == std::errc::invalid_argument || number < 0) return refusal(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto name = rest.substr(0, rest.find_first_of("0123456789"));
    while (unit != kUnits.end() && unit->first != name) ++unit;
    if (unit == kUnits.end()) return refusal(text);
    if (failure != std::errc() || number > kLongest / unit->second ||
        (sum += number * unit->second) > kLongest) {
      return Error{ErrorCode::limit_exceeded, fmt::format("'{}' is longer than 3650 days", text),
                   ""};
    }
    rest.remove_prefix(name.size());
    ++unit;
  } while (!rest.empty());
  return sum;
}

std::string format_duration(milliseconds duration) {
  if (duration == milliseconds(0)) return "0s";
  std::string text;
  for (const auto& [name, unit] : kUnits) {
    if (const auto count = duration / unit; count > 0) {
      text += fmt::format("{}{}", count, name);
      duration %= unit;
    }
  }
  return text;
}

}  // namespace tba
