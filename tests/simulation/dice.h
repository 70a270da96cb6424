#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string_view>

#include "shared/clock.h"

namespace tba::simulation {

/// What is left to chance, and is the same for the same seed on every machine (which the
/// distributions of <random> do not promise).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// From 0 to below `end`. Requires: `end` is not 0.
  std::uint64_t below(std::uint64_t end) { return engine_() % end; }

  /// From `first` to `last`, both included.
  std::int64_t between(std::int64_t first, std::int64_t last) {
    return first + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(last - first) + 1));
  }

  /// A span of time between these, where each order of magnitude is as likely as the next: both
  /// what is close together and what is far apart happens. Requires: `shortest` is above 0.
  Duration span(Duration shortest, Duration longest) {
    auto end = longest;
    while (end > shortest * 10 && below(3) != 0) end /= 10;
    return Duration(between(shortest.count(), std::max(shortest, end).count()));
  }

  bool percent(unsigned chance) { return below(100) < chance; }

  template <class T>
  const T& pick(std::span<const T> choices) {
    return choices[below(choices.size())];
  }
  template <class List>
  const auto& one_of(const List& choices) {
    return pick(std::span(std::data(choices), std::size(choices)));
  }

  /// A seed for dice of their own, whose throws do not shift these.
  std::uint64_t fork() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tba::simulation
