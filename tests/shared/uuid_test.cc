#include "shared/uuid.h"

#include <set>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/seeded_random.h"

using tba::RunId;
using tba::Uuid;
using tba::UuidGenerator;

TEST_CASE("uuid: text and parse are inverse, in either case") {
  const auto uuid = Uuid::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F");
  REQUIRE(uuid);
  CHECK(uuid->text() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  CHECK(Uuid::parse(uuid->text()) == uuid);
}

TEST_CASE("uuid: anything but the 36-character text is refused") {
  for (const auto* text :
       {"", "017f22e2", "017f22e279b07cc398c4dc0c0c07398f0000",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f"}) {
    CAPTURE(text);
    CHECK_FALSE(Uuid::parse(text));
  }
}

TEST_CASE("uuid: version 7 carries the time, the version and the variant") {
  // The instant of the example in RFC 9562, appendix A.6.
  tba::tests::FakeClock clock(tba::Instant(std::chrono::milliseconds(0x017F22E279B0)));
  tba::tests::SeededRandom random(1);
  UuidGenerator generator(clock, random);
  const auto id = generator.next<RunId>();
  CHECK(id.text().substr(0, 15) == "017f22e2-79b0-7");
  CHECK((id.bytes[8] & 0xc0) == 0x80);
}

TEST_CASE(
    "uuid: those of one millisecond, and of a clock that runs back, are in order and distinct") {
  tba::tests::FakeClock clock(tba::Instant(std::chrono::seconds(1'700'000'000)));
  tba::tests::SeededRandom random(2);
  UuidGenerator generator(clock, random);
  std::set<RunId> seen;
  auto last = generator.next<RunId>();
  for (int i = 0; i < 20'000; ++i) {
    if (i == 10'000) clock.advance(-std::chrono::hours(1));
    const auto next = generator.next<RunId>();
    REQUIRE(last < next);
    REQUIRE(seen.insert(next).second);
    last = next;
  }
}
