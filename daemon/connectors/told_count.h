#pragma once

#include <optional>
#include <string_view>

#include "daemon/connectors/rate_bucket.h"
#include "daemon/net/http_client.h"
#include "shared/clock.h"
#include "shared/rate_limit.h"

namespace tba::connectors {

/// What an answer tells of a limit's count, by the headers that the limit names; each value that
/// cannot be read counts as not there.
///
/// An instant that the API gives by its own clock is taken as it stands from the answer's `Date`,
/// so that it does not matter by how much the two clocks differ.
ToldCount told_count(const RateLimit& limit, const net::HttpResponse& response, Instant now);

/// A span such as "6m0s", "12ms" or "1h2m3.5s", as Go writes them and APIs do after it; nothing
/// where the text is none.
std::optional<Duration> parse_go_duration(std::string_view text);

/// An HTTP date (RFC 9110 section 5.6.7: IMF-fixdate); nothing where the text is none.
std::optional<Instant> parse_http_date(const std::string& text);

}  // namespace tba::connectors
