#include "daemon/connectors/circuit_breaker.h"

#include <optional>

#include <catch2/catch.hpp>

using tba::Instant;
using tba::connectors::CircuitBreaker;
using tba::connectors::CircuitRules;
using namespace std::chrono_literals;

namespace {

using Passage = CircuitBreaker::Passage;
using Refusal = CircuitBreaker::Refusal;

constexpr CircuitRules kRules{
    .failures = 3, .within = 60s, .pause = 5s, .longest_pause = 15s, .patience = 300s};
const std::string kUrl = "https://API.example/path?query";

/// A breaker and the time.
struct World {
  Passage pass(const std::string& url = kUrl) {
    auto asked = breaker.ask(url, now);
    REQUIRE(std::holds_alternative<Passage>(asked));
    return std::get<Passage>(std::move(asked));
  }
  Refusal refused(const std::string& url = kUrl) {
    auto asked = breaker.ask(url, now);
    REQUIRE(std::holds_alternative<Refusal>(asked));
    return std::get<Refusal>(asked);
  }
  bool fail() { return pass().failed("nobody listens", now); }
  void open() {
    for (std::size_t i = 0; i < kRules.failures; ++i) fail();
    REQUIRE(breaker.open_circuits().size() == 1);
  }

  Instant now{100'000s};
  CircuitBreaker breaker{kRules};
};

}  // namespace

TEST_CASE("circuit: opens after so many failures in a row, and says so once") {
  World world;
  CHECK_FALSE(world.fail());
  world.now += 1s;
  CHECK_FALSE(world.fail());
  CHECK(world.breaker.open_circuits().empty());
  auto late = world.pass();
  CHECK(world.fail());
  CHECK_FALSE(late.failed("late", world.now));

  const auto open = world.breaker.open_circuits();
  REQUIRE(open.size() == 1);
  CHECK(open[0].host == "https://api.example");
  CHECK(open[0].since == world.now - 1s);
  CHECK(open[0].probed_at == world.now + 5s);
  CHECK_FALSE(open[0].is_probing);
  CHECK(open[0].why == "nobody listens");
  world.pass("https://other.example/");
  world.pass("https://api.example:444/");
  const auto refusal = world.refused("https://api.EXAMPLE:443");
  CHECK(refusal.host == "https://api.example");
  CHECK(refusal.turn == world.now + 5s);
  CHECK_FALSE(refusal.is_final);
}

TEST_CASE("circuit: an answer in between, or time, and failures are counted anew") {
  World world;
  world.fail();
  world.fail();
  CHECK_FALSE(world.pass().answered());
  world.fail();
  world.fail();
  world.now += 61s;
  CHECK_FALSE(world.fail());
  CHECK(world.breaker.open_circuits().empty());
}

TEST_CASE("circuit: after the pause one request is the probe, and its answer closes it") {
  World world;
  world.open();
  world.now += 5s;
  auto probe = world.pass();
  CHECK(world.breaker.open_circuits()[0].is_probing);
  CHECK(world.refused().turn == world.now + 5s);
  CHECK(probe.answered());
  CHECK(world.breaker.open_circuits().empty());
  world.pass();
}

TEST_CASE("circuit: each probe that fails makes the pause longer, up to the longest") {
  World world;
  world.open();
  for (const auto pause : {10s, 15s, 15s}) {
    world.now = world.breaker.open_circuits()[0].probed_at;
    CHECK_FALSE(world.fail());
    CHECK(world.refused().turn == world.now + pause);
  }
}

TEST_CASE("circuit: a probe of which nothing is told makes room for another") {
  World world;
  world.open();
  world.now += 5s;
  {
    const auto probe = world.pass();
    world.refused();
  }
  auto other = world.pass();
  CHECK(world.breaker.open_circuits()[0].is_probing);
  const auto moved = std::move(other);
  world.refused();
}

TEST_CASE("circuit: those who wait come one after the other, within a pause") {
  World world;
  world.open();
  const auto first = world.refused().turn;
  CHECK(world.refused().turn == first + 10ms);
  CHECK(world.refused().turn == first + 20ms);
  for (int i = 0; i < 1000; ++i) world.refused();
  CHECK(world.refused().turn == first + 5s);
}

TEST_CASE("circuit: nobody waits for ever") {
  World world;
  world.open();
  while (world.now < Instant(100'000s) + 300s) {
    world.now = world.breaker.open_circuits()[0].probed_at;
    world.fail();
  }
  CHECK(world.refused().is_final);
}

TEST_CASE("circuit: who insists passes, and what is found out then counts") {
  World world;
  world.open();
  CHECK_FALSE(world.breaker.insist(kUrl, world.now).failed("again", world.now));
  CHECK(world.refused().turn == world.now + 5s);
  CHECK(world.breaker.insist(kUrl, world.now).answered());
  world.pass();

  for (std::size_t i = 0; i < kRules.failures; ++i)
    world.breaker.insist(kUrl, world.now).failed("by hand", world.now);
  CHECK(world.breaker.open_circuits()[0].why == "by hand");
}

TEST_CASE("circuit: what nobody has asked for is forgotten, what is open is not at once") {
  World world;
  world.open();
  world.now += 30min;
  world.breaker.insist("https://other.example/", world.now);
  CHECK(world.breaker.open_circuits().size() == 1);
  world.now += 31min;
  world.breaker.insist("https://other.example/", world.now);
  CHECK(world.breaker.open_circuits().empty());
}

TEST_CASE("circuit: with no failures allowed none is ever opened") {
  CircuitBreaker breaker({.failures = 0});
  for (int i = 0; i < 100; ++i)
    CHECK_FALSE(breaker.insist(kUrl, Instant(1s)).failed("again", Instant(1s)));
  CHECK(breaker.open_circuits().empty());
}
