#include "daemon/connectors/told_count.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>
#include <utility>

#include "shared/time_format.h"

namespace tba::connectors {
namespace {

/// What APIs say beyond this is not believed.
constexpr double kLongestSeconds = 400.0 * 24 * 3600;

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !std::isfinite(number) || number < 0)
    return std::nullopt;
  return number;
}

std::optional<std::int64_t> count_in(const net::HttpResponse& response, const std::string& header) {
  const auto* text = header.empty() ? nullptr : response.header(header);
  const auto number = text ? parse_number(*text) : std::nullopt;  // Reddit tells decimals
  if (!number || *number > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<Duration> span_of(double seconds) {
  if (seconds > kLongestSeconds) return std::nullopt;
  return std::chrono::ceil<Duration>(std::chrono::duration<double>(seconds));
}

double seconds_since_epoch(Instant time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// From the instant that the answer was made.
std::optional<Duration> span_until(double epoch_seconds, const net::HttpResponse& response,
                                   Instant now) {
  const auto* date = response.header("date");
  const auto made_at = date ? parse_http_date(*date) : std::nullopt;
  return span_of(std::max(0.0, epoch_seconds - seconds_since_epoch(made_at.value_or(now))));
}

std::optional<Duration> span_in(const RateLimit& limit, const net::HttpResponse& response,
                                Instant now) {
  const auto* text = limit.reset_header.empty() ? nullptr : response.header(limit.reset_header);
  if (!text) return std::nullopt;
  if (limit.reset == RateLimit::Reset::duration) return parse_go_duration(*text);
  if (limit.reset == RateLimit::Reset::rfc3339) {
    const auto end = parse_time(*text);
    return end ? span_until(seconds_since_epoch(*end), response, now) : std::nullopt;
  }
  const auto number = parse_number(*text);
  if (!number) return std::nullopt;
  // Whole seconds may have been rounded down.
  const double end = text->find('.') == std::string::npos ? *number + 1 : *number;
  switch (limit.reset) {
    case RateLimit::Reset::epoch:
      return span_until(end, response, now);
    case RateLimit::Reset::epoch_millis:
      return span_until(*number / 1000, response, now);
    case RateLimit::Reset::seconds:
    case RateLimit::Reset::duration:
    case RateLimit::Reset::rfc3339:
      break;
  }
  return span_of(end);
}

}  // namespace

ToldCount told_count(const RateLimit& limit, const net::HttpResponse& response, Instant now) {
  ToldCount told;
  told.limit = count_in(response, limit.limit_header);
  told.remaining = count_in(response, limit.remaining_header);
  if (const auto span = span_in(limit, response, now)) told.reset_at = now + *span;
  return told;
}

std::optional<Duration> parse_go_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> kUnits{
      {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}}};
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    const auto digits = text.substr(0, text.find_first_not_of("0123456789."));
    const auto number = parse_number(digits);
    if (!number) return std::nullopt;
    text.remove_prefix(digits.size());
    const auto unit = text.substr(0, text.find_first_of("0123456789."));
    const auto* const known =
        std::ranges::find(kUnits, unit, &std::pair<std::string_view, double>::first);
    if (known == kUnits.end()) return std::nullopt;
    seconds += *number * known->second;
    text.remove_prefix(unit.size());
  }
  return span_of(seconds);
}

std::optional<Instant> parse_http_date(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!rest || *rest != '\0') return std::nullopt;
  return Instant(std::chrono::seconds(timegm(&parts)));
}

}  // namespace tba::connectors
