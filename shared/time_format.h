#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "shared/clock.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba {

/// RFC 3339 in UTC with milliseconds, "2026-11-23T09:00:00.000Z"; what is finer is cut off.
/// Requires: a year from 0 to 9999.
std::string format_time(Instant time);

/// Reads an RFC 3339 date-time with any offset and any number of decimals, of which six count. A
/// leap second is read as the second after it.
Result<Instant> parse_time(std::string_view text);

/// Reads a time that names no offset: "2026-12-24T18:00", with seconds or without; a blank may
/// stand for the T. Nothing where the text is none.
std::optional<std::chrono::local_seconds> parse_local_time(std::string_view text);

/// An instant as data has it: such a text, or a number of seconds since 1970-01-01T00:00:00Z.
Result<Instant> time_of(const Value& value);

}  // namespace tba
