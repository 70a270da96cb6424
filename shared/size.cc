#include "shared/size.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace tba {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> kUnits{{
    {"GiB", 1ULL << 30},
    {"MiB", 1ULL << 20},
    {"KiB", 1ULL << 10},
    {"B", 1},
    {"", 1},
    {"GB", 1'000'000'000},
    {"MB", 1'000'000},
    {"kB", 1'000},
}};

constexpr std::uint64_t kLargest = 1ULL << 50;

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, failure] = std::from_chars(text.data(), last, number);
  const std::string_view name(end, static_cast<std::size_t>(last - end));
  for (const auto& [unit, factor] : kUnits) {
    if (failure == std::errc::invalid_argument || unit != name) continue;
    if (failure != std::errc() || number > kLargest / factor) {
      return Error{ErrorCode::limit_exceeded, fmt::format("'{}' is more than 1024 TiB", text), ""};
    }
    return number * factor;
  }
  return Error{ErrorCode::invalid, fmt::format("'{}' is not a size", text),
               "write a number of bytes, or one with a unit: 512B, 64KiB, 25MiB, 1GiB"};
}

std::string format_size(std::uint64_t bytes) {
  for (const auto& [unit, factor] : kUnits) {
    if (bytes >= factor && bytes % factor == 0) return fmt::format("{}{}", bytes / factor, unit);
  }
  return "0B";
}

}  // namespace tba
