#include "shared/schedule.h"

#include <catch2/catch.hpp>

#include "shared/time_format.h"

using tba::At;
using tba::Cron;
using tba::CronSchedule;
using tba::Every;
using tba::Instant;
using tba::Oddity;
using tba::OnGap;
using tba::OnOverlap;
using tba::Schedule;
using tba::TimeZone;

namespace {

Instant at(std::string_view text) {
  return tba::parse_time(text).value();
}

CronSchedule cron(std::string_view text, std::string_view zone = "UTC", OnGap on_gap = OnGap::next,
                  OnOverlap on_overlap = OnOverlap::first) {
  return {Cron::parse(text).value(), TimeZone::find(zone).value(), on_gap, on_overlap};
}

// The instants of that many slots, without their date where it is that of `after`.
std::string slots(const Schedule& schedule, std::string_view after, int count) {
  std::string text;
  auto time = at(after);
  for (int i = 0; i < count; ++i) {
    const auto next = tba::next_after(schedule, time);
    if (!next) return text + " end";
    time = *next;
    const auto written = tba::format_time(time).substr(0, 16);
    text += (text.empty() ? "" : " ") +
            (written.substr(0, 10) == after.substr(0, 10) ? written.substr(11) : written);
  }
  return text;
}

// Berlin's clock goes from 02:00 to 03:00 at 01:00Z on the 28th of March 2027, and from 03:00 back
// to 02:00 at 01:00Z on the 31st of October.
constexpr auto kBerlin = "Europe/Berlin";
constexpr auto kBeforeGap = "2027-03-28T00:30:00Z";
constexpr auto kBeforeOverlap = "2027-10-30T23:59:59Z";

}  // namespace

TEST_CASE("schedule: a cron expression goes by the clock of its zone") {
  CHECK(slots(cron("0 9 * * MON-FRI", kBerlin), "2026-03-27T00:00:00Z", 3) ==
        "08:00 2026-03-30T07:00 2026-03-31T07:00");
  CHECK(slots(cron("0 9 * * *"), "2026-03-28T09:00:00Z", 1) == "2026-03-29T09:00");
  CHECK(slots(cron("0 0 1 * *", "Asia/Kolkata"), "2026-11-23T00:00:00Z", 1) == "2026-11-30T18:30");
  // Beyond the last change that the zone's file lists.
  CHECK(slots(cron("0 12 1 1,7 *", "America/New_York"), "2059-12-31T00:00:00Z", 2) ==
        "2060-01-01T17:00 2060-07-01T16:00");
}

TEST_CASE("schedule: a time of day that is left out fires in the instant of the change, or never") {
  for (const auto* text : {"30 2 * * *", "0 2 * * *", "*/20 2 * * *", "59 59 2 * * *"}) {
    CAPTURE(text);
    const auto next = tba::next_after(cron(text, kBerlin), at(kBeforeGap));
    CHECK(next == at("2027-03-28T01:00:00Z"));
    CHECK(tba::oddity_of(cron(text, kBerlin), *next) == Oddity::moved);
    CHECK(tba::next_after(cron(text, kBerlin), *next) > at("2027-03-28T23:59:59Z"));
    CHECK(tba::next_after(cron(text, kBerlin, OnGap::skip), at(kBeforeGap)) >
          at("2027-03-28T23:59:59Z"));
  }
  // What fires in that instant anyway does so once.
  CHECK(slots(cron("0 2,3 * * *", kBerlin), kBeforeGap, 2) == "01:00 2027-03-29T00:00");
  CHECK(slots(cron("0 2,3 * * *", kBerlin, OnGap::skip), kBeforeGap, 2) ==
        "01:00 2027-03-29T00:00");
  CHECK(slots(cron("0 */2 * * *", kBerlin), "2027-03-27T22:59:00Z", 3) ==
        "23:00 2027-03-28T01:00 2027-03-28T02:00");
  // Midnight is left out in Beirut.
  CHECK(slots(cron("0 0 * * *", "Asia/Beirut"), "2027-03-27T12:00:00Z", 2) ==
        "22:00 2027-03-28T21:00");
}

TEST_CASE("schedule: a time of day that comes twice fires at the first, or at both") {
  CHECK(slots(cron("30 2 * * *", kBerlin), kBeforeOverlap, 2) ==
        "2027-10-31T00:30 2027-11-01T01:30");
  const auto both = cron("30 2 * * *", kBerlin, OnGap::next, OnOverlap::both);
  CHECK(slots(both, kBeforeOverlap, 3) == "2027-10-31T00:30 2027-10-31T01:30 2027-11-01T01:30");
  CHECK(tba::oddity_of(both, at("2027-10-31T00:30:00Z")) == Oddity::first_time);
  CHECK(tba::oddity_of(both, at("2027-10-31T01:30:00Z")) == Oddity::second_time);
  CHECK(tba::oddity_of(both, at("2027-11-01T01:30:00Z")) == Oddity::none);
  CHECK(slots(cron("*/30 2 * * *", kBerlin), kBeforeOverlap, 3) ==
        "2027-10-31T00:00 2027-10-31T00:30 2027-11-01T01:00");
  // Looking from within the second time.
  CHECK(slots(cron("30 2 * * *", kBerlin), "2027-10-31T01:10:00Z", 1) == "2027-11-01T01:30");
}

TEST_CASE("schedule: an expression that fires in every hour neither stops nor doubles") {
  for (const auto gap : {OnGap::next, OnGap::skip}) {
    const auto quarters = cron("*/30 * * * *", kBerlin, gap);
    CHECK(slots(quarters, kBeforeGap, 3) == "01:00 01:30 02:00");
    CHECK(slots(quarters, "2027-10-31T00:00:00Z", 4) == "00:30 01:00 01:30 02:00");
  }
  const auto every_second = cron("* * * * * *", kBerlin);
  auto time = at("2027-10-30T23:00:00Z");
  for (int i = 0; i < 4 * 3600; ++i) {
    const auto next = tba::next_after(every_second, time);
    REQUIRE(next == time + std::chrono::seconds(1));
    time = *next;
  }
  // The clock of Lord Howe goes by half an hour.
  CHECK(slots(cron("0 * * * *", "Australia/Lord_Howe"), "2027-04-03T13:30:00Z", 3) ==
        "14:00 15:30 16:30");
}

TEST_CASE("schedule: a moved slot is counted once whatever instant one looks from") {
  const Schedule schedule = cron("15,45 2 * * *", kBerlin);
  CHECK(tba::next_after(schedule, at("2027-03-28T00:59:59.999999Z")) == at("2027-03-28T01:00:00Z"));
  CHECK(tba::next_after(schedule, at("2027-03-28T01:00:00Z")) == at("2027-03-29T00:15:00Z"));
}

TEST_CASE("schedule: nothing is found beyond the calendar") {
  CHECK_FALSE(tba::next_after(cron("@yearly"), at("9999-01-01T00:00:00Z")));
  CHECK_FALSE(tba::next_after(cron("@yearly", "America/New_York"), at("9999-06-01T00:00:00Z")));
  CHECK(tba::next_after(cron("@yearly"), Instant::min()) ==
        at("0000-01-01T00:00:00Z") + std::chrono::days(366));
}

TEST_CASE("every: slots are multiples of the period since the epoch, whenever one looks") {
  const Every quarter{std::chrono::minutes(15)};
  CHECK(quarter.next_after(at("2026-11-23T09:00:00Z")) == at("2026-11-23T09:15:00Z"));
  CHECK(quarter.next_after(at("2026-11-23T09:14:59.999999Z")) == at("2026-11-23T09:15:00Z"));
  CHECK(quarter.next_after(at("1969-12-31T23:50:00Z")) == at("1970-01-01T00:00:00Z"));
  CHECK(quarter.next_after(at("1969-12-31T23:45:00Z")) == at("1970-01-01T00:00:00Z"));
}

TEST_CASE("at: instants and local times, each once and in order") {
  At times{{}, TimeZone::find(kBerlin).value()};
  for (const auto* text :
       {"2026-12-24T18:00", "2026-12-24 17:30:15", "2026-12-24T16:00:00Z", "2026-12-24T17:00:00Z"})
    REQUIRE(times.add(text, OnGap::next, OnOverlap::first).has_value());
  CHECK(slots(times, "2026-12-24T00:00:00Z", 4) == "16:00 16:30 17:00 end");
  CHECK(tba::text_of(times) ==
        "at 2026-12-24T16:00:00.000Z, 2026-12-24T16:30:15.000Z, 2026-12-24T17:00:00.000Z");
  REQUIRE(times.add("2027-01-01T00:00:00Z", OnGap::next, OnOverlap::first).has_value());
  CHECK_THAT(tba::text_of(times), Catch::EndsWith("17:00:00.000Z and 1 more"));
}

TEST_CASE("at: local times that do not exist, and those that come twice") {
  const auto times = [](const char* text, OnGap on_gap, OnOverlap on_overlap) {
    At found{{}, TimeZone::find(kBerlin).value()};
    REQUIRE(found.add(text, on_gap, on_overlap).has_value());
    return found;
  };
  const auto moved = times("2027-03-28T02:30", OnGap::next, OnOverlap::first);
  REQUIRE(moved.slots.size() == 1);
  CHECK(moved.slots[0].at == at("2027-03-28T01:00:00Z"));
  CHECK(tba::oddity_of(moved, moved.slots[0].at) == Oddity::moved);
  CHECK(times("2027-03-28T02:30", OnGap::skip, OnOverlap::first).slots.empty());
  CHECK(times("2027-10-31T02:30", OnGap::next, OnOverlap::first).slots.size() == 1);
  const auto both = times("2027-10-31T02:30", OnGap::next, OnOverlap::both);
  REQUIRE(both.slots.size() == 2);
  CHECK(both.slots[0].oddity == Oddity::first_time);
  CHECK(both.slots[1].oddity == Oddity::second_time);
  CHECK(both.slots[1].at == at("2027-10-31T01:30:00Z"));
}

TEST_CASE("at: what is no time is told") {
  At times;
  for (const auto* text : {"", "tomorrow", "2026-02-30T00:00", "2026-12-24T24:00", "2026-12-24",
                           "2026-12-24T18:00+01", "2026-12-24T18:00:60"}) {
    CAPTURE(text);
    const auto added = times.add(text, OnGap::next, OnOverlap::first);
    REQUIRE(added.has_error());
    CHECK(added.error().message == "'" + std::string(text) + "' is not a time");
  }
}

TEST_CASE("schedule: the last slot of a span") {
  const Schedule hourly = Every{std::chrono::hours(1)};
  CHECK(tba::last_in(hourly, at("2026-11-23T00:00:00Z"), at("2026-11-23T09:59:59Z")) ==
        at("2026-11-23T09:00:00Z"));
  CHECK(tba::last_in(hourly, at("2026-11-23T00:00:00Z"), at("2026-11-23T09:00:00Z")) ==
        at("2026-11-23T09:00:00Z"));
  CHECK_FALSE(tba::last_in(hourly, at("2026-11-23T09:00:00Z"), at("2026-11-23T09:59:59Z")));
  CHECK_FALSE(tba::last_in(hourly, at("2026-11-23T09:00:00Z"), at("2026-11-20T09:59:59Z")));
  const Schedule bursts = cron("* * 8 * * MON");
  CHECK(tba::last_in(bursts, at("2026-01-01T00:00:00Z"), at("2026-11-25T00:00:00Z")) ==
        at("2026-11-23T08:59:59Z"));
  CHECK(tba::last_in(bursts, at("2026-11-23T08:59:58Z"), at("2026-11-25T00:00:00Z")) ==
        at("2026-11-23T08:59:59Z"));
}

TEST_CASE("schedule: a text for people, and one that tells it from others") {
  const Schedule plain = cron("0 9 * * MON-FRI");
  CHECK(tba::text_of(plain) == "0 9 * * MON-FRI");
  CHECK(tba::identity_of(plain) == "0 9 * * MON-FRI");
  const Schedule berlin = cron("0 9 * * *", kBerlin, OnGap::skip, OnOverlap::both);
  CHECK(tba::text_of(berlin) == "0 9 * * * (Europe/Berlin)");
  CHECK(tba::identity_of(berlin) == "0 9 * * * (Europe/Berlin) on_gap=skip on_overlap=both");
  const Schedule every = Every{std::chrono::minutes(90)};
  CHECK(tba::text_of(every) == "every 1h30m");
  CHECK(tba::identity_of(every) == "every 1h30m");
  CHECK(tba::zone_of(berlin).name() == kBerlin);
  CHECK(tba::zone_of(every).name() == "UTC");
}
