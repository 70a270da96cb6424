#include <catch2/catch.hpp>

#include "shared/duration.h"
#include "shared/size.h"
#include "shared/time_format.h"

using namespace std::chrono_literals;
using tba::ErrorCode;

TEST_CASE("duration: units from milliseconds to days, alone and the larger first") {
  CHECK(tba::parse_duration("500ms").value() == 500ms);
  CHECK(tba::parse_duration("30s").value() == 30s);
  CHECK(tba::parse_duration("5m").value() == 5min);
  CHECK(tba::parse_duration("2h").value() == 2h);
  CHECK(tba::parse_duration("1d").value() == 24h);
  CHECK(tba::parse_duration("1d2h3m4s5ms").value() == 26h + 3min + 4s + 5ms);
  CHECK(tba::parse_duration("0s").value() == 0ms);
  CHECK(tba::parse_duration("3650d").value() == std::chrono::days(3650));
}

TEST_CASE("duration: anything else is refused, with the way to write it") {
  for (const auto* text :
       {"", "5", "s", "5 s", "-5s", "+5s", "1.5s", "5S", "5m5h", "5m5m", "5weeks", "5s ", "m5"}) {
    CAPTURE(text);
    const auto read = tba::parse_duration(text);
    REQUIRE(read.has_error());
    CHECK(read.error().code == ErrorCode::invalid);
    CHECK(read.error().message == "'" + std::string(text) + "' is not a duration");
    CHECK_FALSE(read.error().hint.empty());
  }
  for (const auto* text : {"3651d", "99999999999999999999s", "3650d1ms", "9223372036854775807d"}) {
    CAPTURE(text);
    const auto read = tba::parse_duration(text);
    REQUIRE(read.has_error());
    CHECK(read.error().code == ErrorCode::limit_exceeded);
  }
}

TEST_CASE("duration: the text written is the shortest, and is read back") {
  CHECK(tba::format_duration(0ms) == "0s");
  CHECK(tba::format_duration(90min) == "1h30m");
  CHECK(tba::format_duration(1500ms) == "1s500ms");
  for (const auto span : {1ms, 999ms, 86'400'000ms, 90'061'001ms}) {
    CHECK(tba::parse_duration(tba::format_duration(span)).value() == span);
  }
}

TEST_CASE("size: bytes, powers of 1024 and of 1000") {
  CHECK(tba::parse_size("512").value() == 512);
  CHECK(tba::parse_size("512B").value() == 512);
  CHECK(tba::parse_size("64KiB").value() == 65'536);
  CHECK(tba::parse_size("25MiB").value() == 26'214'400);
  CHECK(tba::parse_size("64kB").value() == 64'000);
  CHECK(tba::parse_size("1GB").value() == 1'000'000'000);
  for (const auto* text : {"", "KiB", "1.5MiB", "-1", "1kb", "1 MiB", "1KB", "1TiB"}) {
    CAPTURE(text);
    const auto read = tba::parse_size(text);
    REQUIRE(read.has_error());
    CHECK(read.error().code == ErrorCode::invalid);
  }
  for (const auto* text : {"9999999999GiB", "99999999999999999999"}) {
    CAPTURE(text);
    const auto read = tba::parse_size(text);
    REQUIRE(read.has_error());
    CHECK(read.error().code == ErrorCode::limit_exceeded);
  }
}

TEST_CASE("size: the text written is exact, and is read back") {
  CHECK(tba::format_size(0) == "0B");
  CHECK(tba::format_size(1000) == "1000B");
  CHECK(tba::format_size(65'536) == "64KiB");
  CHECK(tba::format_size(3ULL << 30) == "3GiB");
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 1ULL << 20, (1ULL << 20) + 1}) {
    CHECK(tba::parse_size(tba::format_size(bytes)).value() == bytes);
  }
}

TEST_CASE("time: written in UTC with milliseconds, what is finer cut off") {
  const tba::Instant time(std::chrono::microseconds(1'795'424'400'123'999));
  CHECK(tba::format_time(time) == "2026-11-23T09:00:00.123Z");
  CHECK(tba::format_time(tba::Instant(-1us)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("time: any offset and number of decimals is read") {
  const auto read = [](std::string_view text) {
    return tba::format_time(tba::parse_time(text).value());
  };
  CHECK(read("2026-11-23T09:00:00Z") == "2026-11-23T09:00:00.000Z");
  CHECK(read("2026-11-23t09:00:00.5z") == "2026-11-23T09:00:00.500Z");
  CHECK(read("2026-11-23 10:30:00+01:30") == "2026-11-23T09:00:00.000Z");
  CHECK(read("2026-11-22T20:00:00.1234567891-13:00") == "2026-11-23T09:00:00.123Z");
  CHECK(read("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00.000Z");
  CHECK(tba::parse_time("1970-01-01T00:00:00.1234569Z").value() == tba::Instant(123'456us));
}

TEST_CASE("time: anything that is not RFC 3339 is refused") {
  for (const auto* text :
       {"", "2026-11-23", "2026-11-23T09:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T09:60:00Z", "2026-11-23T09:00:61Z",
        "2026-11-23T09:00:00.Z", "2026-11-23T09:00:00+24:00", "2026-11-23T09:00:00Zx",
        "26-11-23T09:00:00Z", "2026-11-23T09:00:00+0100"}) {
    CAPTURE(text);
    const auto read = tba::parse_time(text);
    REQUIRE(read.has_error());
    CHECK(read.error().code == ErrorCode::invalid);
  }
}
