#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/json.h"
#include "shared/clock.h"

namespace tba::cli {

/// A time of the API (RFC 3339) for people: "2026-11-23 09:00:00" in the local time zone. What is
/// no time is given back as it is.
std::string local_time(std::string_view rfc3339);

/// The same in UTC, as schedules are written: "2026-11-23 09:00:00 UTC". Empty stays empty.
std::string utc_time(std::string_view rfc3339);

/// "8ms", "1.24s", "3m05s", "2h03m", "4d07h".
std::string duration_text(Duration duration);

/// How long the run or step took, or has taken so far: its `duration_ms`, else from `started_at`
/// to `now`. Nothing where it has not begun.
std::optional<Duration> duration_of(const Json& record, Instant now);

}  // namespace tba::cli
