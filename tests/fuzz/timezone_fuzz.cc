// Compiled time zones: whatever the bytes, reading them ends, and each instant has a period that
// holds it.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/timezone.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto zone = tba::TimeZone::parse("fuzzed", bytes);
  if (!zone) return 0;
  for (const int year : {1900, 1970, 2026, 2037, 2100, 9999}) {
    const tba::Instant time = std::chrono::sys_days(std::chrono::year(year) / 7 / 1);
    const auto period = zone->period_at(time);
    if (period.begin > time || period.end <= time) std::abort();
  }
  return 0;
}
