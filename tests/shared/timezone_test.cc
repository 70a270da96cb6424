#include "shared/timezone.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include <catch2/catch.hpp>

#include "shared/file.h"
#include "shared/posix_zone.h"
#include "shared/time_format.h"
#include "tests/support/temporary_folder.h"

using namespace std::chrono_literals;
using tba::Instant;
using tba::PosixZone;
using tba::TimeZone;

namespace {

Instant at(std::string_view text) {
  return tba::parse_time(text).value();
}

// What the C library says of the zone; it reads the same files.
class LibraryZone {
 public:
  explicit LibraryZone(const std::string& name) {
    setenv("TZ", (":" + name).c_str(), 1);
    tzset();
  }
  ~LibraryZone() {
    setenv("TZ", "UTC", 1);
    tzset();
  }

  std::chrono::seconds offset_at(Instant time) const {
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm fields{};
    localtime_r(&seconds, &fields);
    return std::chrono::seconds(fields.tm_gmtoff);
  }
};

void append_number(std::string& bytes, std::uint64_t number, std::size_t size) {
  for (std::size_t i = size; i-- > 0;) bytes += static_cast<char>(number >> 8 * i & 0xFF);
}

// A TZif file of one version-1 block with these changes to these offsets.
std::string old_file(const std::vector<std::pair<std::int32_t, std::int32_t>>& changes) {
  std::string bytes = "TZif";
  bytes += std::string(16, '\0');
  for (const std::size_t count : {0UL, 0UL, 0UL, changes.size(), changes.size() + 1, 4UL})
    append_number(bytes, count, 4);
  for (const auto& [time, offset] : changes)
    append_number(bytes, static_cast<std::uint32_t>(time), 4);
  for (std::size_t i = 0; i < changes.size(); ++i) bytes += static_cast<char>(i + 1);
  append_number(bytes, 600, 4);
  bytes += std::string(2, '\0');
  for (const auto& [time, offset] : changes) {
    append_number(bytes, static_cast<std::uint32_t>(offset), 4);
    bytes += std::string(2, '\0');
  }
  return bytes + std::string("LMT\0", 4);
}

}  // namespace

TEST_CASE("time zone: periods and their changes") {
  const auto berlin = TimeZone::find("Europe/Berlin").value();
  CHECK(berlin.name() == "Europe/Berlin");
  const auto summer = berlin.period_at(at("2027-07-01T00:00:00Z"));
  CHECK(summer.begin == at("2027-03-28T01:00:00Z"));
  CHECK(summer.end == at("2027-10-31T01:00:00Z"));
  CHECK(summer.offset == 2h);
  CHECK(summer.offset_before == 1h);
  CHECK(berlin.period_at(summer.end).offset == 1h);
  CHECK(berlin.period_at(summer.begin - 1us).end == summer.begin);
  CHECK(summer.to_instant(summer.to_local(at("2027-07-01T10:00:00Z"))) ==
        at("2027-07-01T10:00:00Z"));
}

TEST_CASE("time zone: the rule for the years beyond the file's list") {
  const auto sydney = TimeZone::find("Australia/Sydney").value();
  const auto period = sydney.period_at(at("2150-01-01T00:00:00Z"));
  CHECK(period.begin == at("2149-10-04T16:00:00Z"));
  CHECK(period.end == at("2150-04-04T16:00:00Z"));
  CHECK(period.offset == 11h);
  CHECK(period.offset_before == 10h);
}

TEST_CASE("time zone: UTC never changes") {
  const auto period = TimeZone::utc().period_at(at("2026-11-23T00:00:00Z"));
  CHECK(period.begin == Instant::min());
  CHECK(period.end == Instant::max());
  CHECK(period.offset == 0s);
  CHECK(TimeZone::find("UTC")->name() == "UTC");
}

TEST_CASE("time zone: every zone of the system says what the C library says") {
  const auto names = tba::time_zone_names();
  REQUIRE(names.size() > 400);
  for (const auto& name : names) {
    CAPTURE(name);
    const auto zone = TimeZone::find(name).value();
    const LibraryZone library(name);
    // A step that meets each hour of the day and each part of the year.
    for (auto time = at("1960-01-01T00:00:00Z"); time < at("2060-01-01T00:00:00Z");
         time += 100h + 7min) {
      const auto period = zone.period_at(time);
      if (period.offset != library.offset_at(time) || period.begin > time || period.end <= time)
        FAIL(tba::format_time(time));
    }
    // Both sides of each change.
    for (auto period = zone.period_at(at("2019-06-01T00:00:00Z"));
         period.end < at("2045-01-01T00:00:00Z"); period = zone.period_at(period.end)) {
      REQUIRE(library.offset_at(period.end - 1s) == period.offset);
      REQUIRE(library.offset_at(period.end) == zone.period_at(period.end).offset);
      REQUIRE(zone.period_at(period.end).begin == period.end);
      REQUIRE(zone.period_at(period.end).offset_before == period.offset);
    }
  }
}

TEST_CASE("time zone: a name that there is not") {
  const auto unknown = TimeZone::find("Europe/Berlim");
  REQUIRE(unknown.has_error());
  CHECK(unknown.error().code == tba::ErrorCode::not_found);
  CHECK(unknown.error().message ==
        "there is no time zone 'Europe/Berlim' (did you mean 'Europe/Berlin'?)");
  for (const auto* name : {"", "Europe", "/etc/passwd", "../zoneinfo/UTC", "tzdata.zi", "a\nb"})
    CHECK(TimeZone::find(name).error().code == tba::ErrorCode::not_found);
}

TEST_CASE("time zone: a system without zones, and a damaged file") {
  const tba::tests::TemporaryFolder folder;
  const auto none = TimeZone::find("Europe/Berlin", folder / "none");
  REQUIRE(none.has_error());
  CHECK(none.error().code == tba::ErrorCode::unavailable);
  CHECK(none.error().hint == "install the package tzdata");
  folder.write("Broken", "TZif2");
  const auto broken = TimeZone::find("Broken", folder.path());
  REQUIRE(broken.has_error());
  CHECK(broken.error().code == tba::ErrorCode::invalid);
  CHECK(broken.error().message == "the file of the time zone 'Broken' is damaged");
}

TEST_CASE("time zone: a file cut off anywhere is refused, and damage never reads beyond it") {
  const auto file = tba::read_file("/usr/share/zoneinfo/Europe/Berlin", 1 << 20).value();
  REQUIRE(TimeZone::parse("x", file).has_value());
  const auto footer = file.rfind("\n", file.size() - 2);
  for (std::size_t size = 0; size < footer; ++size)
    REQUIRE(TimeZone::parse("x", std::string_view(file).substr(0, size)).has_error());
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const char mask : {'\x01', '\x80', '\xFF'}) {
      auto damaged = file;
      damaged[i] = static_cast<char>(damaged[i] ^ mask);
      const auto zone = TimeZone::parse("x", damaged);
      if (zone) (void)zone->period_at(at("2050-01-01T00:00:00Z"));
    }
  }
}

TEST_CASE("time zone: a file of version 1 has no rule, and its last offset stays") {
  const auto zone =
      TimeZone::parse("old", old_file({{0, 3600}, {1000, 3600}, {2000, 7200}})).value();
  CHECK(zone.period_at(at("1960-01-01T00:00:00Z")).offset == 600s);
  const auto first = zone.period_at(at("1970-01-01T00:00:00Z"));
  CHECK(first.offset == 3600s);
  CHECK(first.end == at("1970-01-01T00:33:20Z"));  // the second one changes nothing
  CHECK(zone.period_at(at("2100-01-01T00:00:00Z")).offset == 7200s);
  CHECK(zone.period_at(at("2100-01-01T00:00:00Z")).end == Instant::max());
  CHECK(TimeZone::parse("old", old_file({{2000, 3600}, {1000, 7200}})).has_error());
}

TEST_CASE("posix zone: rules of every form") {
  const auto change = [](std::string_view rule, int year, int which) {
    const auto changes = PosixZone::parse(rule).value().changes_in(std::chrono::year(year));
    return tba::format_time(changes[static_cast<std::size_t>(which)].at).substr(0, 16);
  };
  CHECK(change("CET-1CEST,M3.5.0,M10.5.0/3", 2027, 0) == "2027-03-28T01:00");
  CHECK(change("CET-1CEST,M3.5.0,M10.5.0/3", 2027, 1) == "2027-10-31T01:00");
  CHECK(change("EST5EDT4,M3.2.0,M11.1.0", 2027, 1) == "2027-11-07T06:00");
  CHECK(change("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2027, 0) == "2027-03-28T01:00");
  CHECK(change("AAA0BBB,J60/0,J365", 2028, 0) == "2028-03-01T00:00");
  CHECK(change("AAA0BBB,J60/0,J365", 2027, 0) == "2027-03-01T00:00");
  CHECK(change("AAA0BBB,59/0,365", 2028, 0) == "2028-02-29T00:00");
  CHECK(change("IST-2IDT,M3.4.4/26,M10.5.0", 2027, 0) == "2027-03-26T00:00");
  CHECK(change("AAA+1:30:30BBB+0:30,M1.1.1/1:02:03,M2.1.1", 2027, 0) == "2027-01-04T02:32");
  const auto fixed = PosixZone::parse("<+0530>-5:30").value();
  CHECK_FALSE(fixed.has_summer_time());
  CHECK(fixed.standard_offset() == 5h + 30min);
}

TEST_CASE("posix zone: what is no rule") {
  for (const auto* text :
       {"", "C", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1",
        "CET-1CEST,366,1", "CET-1CEST,M3.5.0,M10.5.0/3 ", "<CET-1", "CET-168", "CET-1:60",
        "CET-1CEST,M3.5.0/,M10.5.0", "CET-1CEST,M3-5.0,M10.5.0"}) {
    CAPTURE(text);
    CHECK_FALSE(PosixZone::parse(text));
  }
}
