#include "daemon/connectors/retry_after.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "daemon/connectors/told_count.h"

namespace tba::connectors {

std::optional<std::chrono::milliseconds> retry_after(const net::HttpResponse& response,
                                                     Instant now) {
  const auto* text = response.header("retry-after");
  if (!text) return std::nullopt;
  long long seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  constexpr long long kLongest = 366LL * 24 * 3600;
  if (error == std::errc() && end == text->data() + text->size() && seconds >= 0) {
    return std::chrono::seconds(std::min(seconds, kLongest));
  }
  const auto when = parse_http_date(*text);
  if (!when) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*when - now);
  return std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(0),
                                               std::chrono::seconds(kLongest));
}

}  // namespace tba::connectors
