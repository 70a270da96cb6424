// What it costs to find the next slot of a schedule.

#include <benchmark/benchmark.h>

#include "shared/schedule.h"
#include "shared/time_format.h"

namespace {

using namespace tba;

/// From one slot to the next, again and again, for twenty years.
void next_slot(benchmark::State& state, const char* text, const char* zone) {
  const CronSchedule schedule{Cron::parse(text).value(), TimeZone::find(zone).value()};
  const auto begin = parse_time("2026-11-23T09:00:00Z").value();
  const auto end = begin + std::chrono::years(20);
  auto time = begin;
  for (auto _ : state) {
    time = *schedule.next_after(time);
    if (time > end) time = begin;
    benchmark::DoNotOptimize(time);
  }
}
BENCHMARK_CAPTURE(next_slot, every_second, "* * * * * *", "Europe/Berlin");
BENCHMARK_CAPTURE(next_slot, workdays, "0 9 * * MON-FRI", "Europe/Berlin");
BENCHMARK_CAPTURE(next_slot, workdays_in_utc, "0 9 * * MON-FRI", "UTC");
BENCHMARK_CAPTURE(next_slot, last_friday, "30 17 * * FRIL", "America/New_York");
BENCHMARK_CAPTURE(next_slot, yearly, "@yearly", "Europe/Berlin");
BENCHMARK_CAPTURE(next_slot, leap_day, "0 0 29 2 *", "Europe/Berlin");
BENCHMARK_CAPTURE(next_slot, leap_day_on_a_sunday, "0 0 29 2 */7", "Europe/Berlin");

void parse_cron(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Cron::parse("*/5 8-18 * * MON-FRI"));
}
BENCHMARK(parse_cron);

void parse_cron_that_never_fires(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Cron::parse("0 0 30 2 *"));
}
BENCHMARK(parse_cron_that_never_fires);

void find_zone(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(TimeZone::find("Europe/Berlin"));
}
BENCHMARK(find_zone);

}  // namespace

BENCHMARK_MAIN();
