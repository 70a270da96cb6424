#pragma once

#include <chrono>
#include <optional>

#include "daemon/net/http_client.h"
#include "shared/clock.h"

namespace tba::connectors {

/// How long the far side asks us to wait: seconds or an HTTP date (RFC 9110 section 10.2.3);
/// nothing where it does not, or where it cannot be read.
std::optional<std::chrono::milliseconds> retry_after(const net::HttpResponse& response,
                                                     Instant now);

}  // namespace tba::connectors
