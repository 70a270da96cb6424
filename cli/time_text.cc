#include "cli/time_text.h"

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_fields.h"
#include "shared/time_format.h"

namespace tba::cli {
namespace {

std::time_t seconds_of(Instant time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

std::string local_time(std::string_view rfc3339) {
  const auto time = parse_time(rfc3339);
  if (!time) return std::string(rfc3339);
  const std::time_t seconds = seconds_of(*time);
  std::tm fields{};
  localtime_r(&seconds, &fields);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fields);
}

std::string utc_time(std::string_view rfc3339) {
  const auto time = parse_time(rfc3339);
  if (!time) return std::string(rfc3339);
  const std::time_t seconds = seconds_of(*time);
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fields);
}

std::string duration_text(Duration duration) {
  const auto milliseconds = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  const auto seconds = milliseconds / 1000;
  const auto minutes = seconds / 60;
  const auto hours = minutes / 60;
  if (milliseconds < 1000) return fmt::format("{}ms", milliseconds);
  if (seconds < 60) return fmt::format("{}.{:02}s", seconds, milliseconds % 1000 / 10);
  if (minutes < 60) return fmt::format("{}m{:02}s", minutes, seconds % 60);
  if (hours < 24) return fmt::format("{}h{:02}m", hours, minutes % 60);
  return fmt::format("{}d{:02}h", hours / 24, hours % 24);
}

std::optional<Duration> duration_of(const Json& record, Instant now) {
  if (const auto milliseconds = number_of(record, "duration_ms")) {
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::milli>(*milliseconds));
  }
  const auto started = parse_time(text_of(record, "started_at"));
  if (!started) return std::nullopt;
  return now - *started;
}

}  // namespace tba::cli
