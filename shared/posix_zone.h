#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "shared/clock.h"

namespace tba {

/// A rule for the clock that holds every year, as POSIX writes it in TZ
/// ("CET-1CEST,M3.5.0,M10.5.0/3") and TZif files at their end (RFC 9636 section 3.3.1: hours from
/// -167 to 167).
class PosixZone {
 public:
  /// Nothing where the text is no such rule.
  static std::optional<PosixZone> parse(std::string_view text);

  struct Change {
    Instant at;
    std::chrono::seconds offset;  ///< From then on; what local time is ahead of UTC.
  };

  /// The changes of that year in the order of the rule: to summer time, and back. Requires:
  /// has_summer_time().
  std::array<Change, 2> changes_in(std::chrono::year year) const;

  bool has_summer_time() const { return summer_.has_value(); }

  /// Outside of summer time.
  std::chrono::seconds standard_offset() const { return standard_offset_; }

 private:
  /// A day of each year, and the time of the clock on it.
  struct Day {
    enum class Kind { julian, zero_based, weekday } kind = Kind::zero_based;
    unsigned number = 0;  ///< Of the year: from 1 without leap days (julian), or from 0.
    unsigned month = 1;
    unsigned week = 1;  ///< 5 is the last.
    unsigned weekday = 0;
    std::chrono::seconds time = std::chrono::hours(2);

    std::chrono::local_seconds in(std::chrono::year year) const;
  };
  struct Summer {
    std::chrono::seconds offset{0};
    Day begin;
    Day end;
  };
  class Reader;

  std::chrono::seconds standard_offset_{0};
  std::optional<Summer> summer_;
};

}  // namespace tba
