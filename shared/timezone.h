#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/clock.h"
#include "shared/error.h"

namespace tba {

/// What a clock on the wall shows, in whatever zone it hangs.
using LocalTime = std::chrono::local_seconds;

/// A time zone of the IANA database. Immutable and cheap to copy.
///
/// It reads the compiled files (TZif, RFC 9636) itself: howardhinnant-date 3.0 leaves out the rule
/// at their end, which is all that is known of the years after 2037.
class TimeZone {
 public:
  /// A span of time without a change of the clock.
  struct Period {
    Instant begin = Instant::min();  ///< Instant::min() for the first one.
    Instant end = Instant::max();  ///< Where the next one begins; Instant::max() for the last one.
    std::chrono::seconds offset{0};         ///< What local time is ahead of UTC.
    std::chrono::seconds offset_before{0};  ///< In the period before; its own, if it is the first.

    /// What the clock shows at an instant of this period; what is finer than a second is cut off.
    LocalTime to_local(Instant time) const;
    /// The other way round.
    Instant to_instant(LocalTime time) const;
  };

  static TimeZone utc();

  /// The zone of that name, such as "Europe/Berlin". Errors: `not_found` for an unknown one, with a
  /// suggestion; `unavailable` where the system has no zones; `invalid` for a damaged file.
  static Result<TimeZone> find(std::string_view name,
                               const std::filesystem::path& folder = "/usr/share/zoneinfo");

  /// Reads the contents of a TZif file. Errors: `invalid`. Never throws on bad input.
  static Result<TimeZone> parse(std::string name, std::string_view file);

  const std::string& name() const;

  Period period_at(Instant time) const;

 private:
  struct Data;
  explicit TimeZone(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

  std::shared_ptr<const Data> data_;
};

/// The names of all zones below the folder, sorted.
std::vector<std::string> time_zone_names(
    const std::filesystem::path& folder = "/usr/share/zoneinfo");

}  // namespace tba
