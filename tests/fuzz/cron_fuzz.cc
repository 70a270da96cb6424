// Cron expressions: whatever the text, reading it ends, a problem lies within the text, and slots
// come one after the other, each at a time that fits.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cron = tba::Cron::parse(text);
  if (!cron) {
    const auto& problem = cron.error();
    if (problem.message.empty() || problem.length == 0 || problem.offset > size) std::abort();
    return 0;
  }
  static const auto kZone = tba::TimeZone::find("Europe/Berlin").value();
  const tba::CronSchedule schedule{*cron, kZone, tba::OnGap::skip, tba::OnOverlap::both};
  auto time = tba::Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23));
  for (int i = 0; i < 20; ++i) {
    const auto next = schedule.next_after(time);
    if (!next) break;
    if (*next <= time || !cron->fits(kZone.period_at(*next).to_local(*next))) std::abort();
    time = *next;
  }
  return 0;
}
