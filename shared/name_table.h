#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace tba {

/// The values of an enumeration and their names as files write them.
template <class Enum, std::size_t size>
struct NameTable {
  std::array<std::pair<Enum, std::string_view>, size> entries;

  constexpr std::string_view name_of(Enum value) const {
    for (const auto& entry : entries) {
      if (entry.first == value) return entry.second;
    }
    return "unknown";
  }

  constexpr std::optional<Enum> value_of(std::string_view name) const {
    for (const auto& entry : entries) {
      if (entry.second == name) return entry.first;
    }
    return std::nullopt;
  }

  /// All names, for tables of keys.
  constexpr std::array<std::string_view, size> names() const {
    std::array<std::string_view, size> all;
    for (std::size_t i = 0; i < size; ++i) all[i] = entries[i].second;
    return all;
  }
};

}  // namespace tba
