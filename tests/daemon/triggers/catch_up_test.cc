#include "daemon/triggers/catch_up.h"

#include <catch2/catch.hpp>

#include "shared/time_format.h"

using namespace std::chrono_literals;
using tba::CatchUp;
using tba::Instant;
using tba::ScheduleTrigger;
using tba::triggers::counted_from;
using tba::triggers::Presence;
using tba::triggers::slot_to_go_on_with;

namespace {

Instant at(std::string_view text) {
  return tba::parse_time(text).value();
}

ScheduleTrigger every(std::chrono::milliseconds period, CatchUp catch_up,
                      std::chrono::milliseconds jitter = 0ms) {
  return {tba::Every{period}, catch_up, jitter};
}

// What a schedule goes on with at 09:30:00, all until then being dealt with up to `passed`.
std::string goes_on(const ScheduleTrigger& trigger, std::string_view passed, Presence presence) {
  const auto slot = slot_to_go_on_with(trigger, at(passed), at("2026-11-23T09:30:00Z"), presence);
  return slot ? tba::format_time(*slot).substr(0, 19) : "nothing";
}

constexpr auto kToday = "2026-11-23T06:00:00Z";

}  // namespace

TEST_CASE("catch-up: what was not missed comes next, whatever the policy") {
  for (const auto catch_up : {CatchUp::none, CatchUp::latest, CatchUp::all}) {
    for (const auto presence : {Presence::absent, Presence::present}) {
      CHECK(goes_on(every(1h, catch_up), "2026-11-23T09:00:00Z", presence) ==
            "2026-11-23T10:00:00");
      // Seen a minute late.
      CHECK(goes_on(every(1min, catch_up), "2026-11-23T09:28:00Z", presence) ==
            "2026-11-23T09:29:00");
      CHECK(goes_on(every(1s, catch_up), "2026-11-23T09:28:59Z", presence) ==
            "2026-11-23T09:29:00");
    }
  }
}

TEST_CASE("catch-up: slots that came while no daemon was there") {
  CHECK(goes_on(every(1h, CatchUp::none), kToday, Presence::absent) == "2026-11-23T10:00:00");
  CHECK(goes_on(every(1min, CatchUp::none), kToday, Presence::absent) == "2026-11-23T09:29:00");
  CHECK(goes_on(every(1h, CatchUp::latest), kToday, Presence::absent) == "2026-11-23T09:00:00");
  CHECK(goes_on(every(1h, CatchUp::all), kToday, Presence::absent) == "2026-11-23T07:00:00");
}

TEST_CASE("catch-up: slots that the clock jumped over while a daemon was there") {
  CHECK(goes_on(every(1h, CatchUp::none), kToday, Presence::present) == "2026-11-23T09:00:00");
  CHECK(goes_on(every(1h, CatchUp::latest), kToday, Presence::present) == "2026-11-23T09:00:00");
  CHECK(goes_on(every(1h, CatchUp::all), kToday, Presence::present) == "2026-11-23T07:00:00");
}

TEST_CASE("catch-up: a slot is on time as long as its jitter may last") {
  const auto trigger = every(1h, CatchUp::none, 40min);
  CHECK(goes_on(trigger, "2026-11-23T08:00:00Z", Presence::absent) == "2026-11-23T09:00:00");
  CHECK(goes_on(trigger, "2026-11-23T07:00:00Z", Presence::absent) == "2026-11-23T09:00:00");
}

TEST_CASE("catch-up: all is a hundred slots of seven days at most") {
  CHECK(goes_on(every(1min, CatchUp::all), kToday, Presence::absent) == "2026-11-23T07:51:00");
  const ScheduleTrigger daily{tba::CronSchedule{tba::Cron::parse("@daily").value()}, CatchUp::all};
  CHECK(goes_on(daily, "2026-01-01T00:00:00Z", Presence::absent) == "2026-11-17T00:00:00");
  const ScheduleTrigger yearly{tba::CronSchedule{tba::Cron::parse("@yearly").value()},
                               CatchUp::all};
  CHECK(goes_on(yearly, "2025-06-01T00:00:00Z", Presence::absent) == "2027-01-01T00:00:00");
  // Those that are made up for one after the other are a hundred.
  auto passed = at(kToday);
  const auto now = at("2026-11-23T09:30:00Z");
  int made_up = 0;
  for (;; ++made_up) {
    const auto slot = slot_to_go_on_with(every(1min, CatchUp::all), passed, now, Presence::present);
    if (!slot || *slot > now) break;
    passed = *slot;
  }
  CHECK(made_up == 100);
}

TEST_CASE("catch-up: where there are no slots any more, there is nothing to go on with") {
  tba::At once;
  REQUIRE(once.add("2026-11-23T09:00:00Z", tba::OnGap::next, tba::OnOverlap::first).has_value());
  const auto with = [&](CatchUp catch_up) { return ScheduleTrigger{once, catch_up}; };
  CHECK(goes_on(with(CatchUp::none), kToday, Presence::absent) == "nothing");
  CHECK(goes_on(with(CatchUp::latest), kToday, Presence::absent) == "2026-11-23T09:00:00");
  CHECK(goes_on(with(CatchUp::all), kToday, Presence::absent) == "2026-11-23T09:00:00");
  CHECK(goes_on(with(CatchUp::all), "2026-11-23T09:00:00Z", Presence::absent) == "nothing");
}

TEST_CASE("catch-up: a clock put back by a day or less comes to where it was again") {
  const auto now = at("2026-11-23T09:30:00Z");
  CHECK(counted_from(now - 1h, now) == now - 1h);
  CHECK(counted_from(now + 24h, now) == now + 24h);
  CHECK(counted_from(now + 24h + 1us, now) == now);
}
