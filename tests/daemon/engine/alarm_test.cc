#include "daemon/engine/alarm.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

using namespace std::chrono_literals;

namespace {

/// An alarm on a clock in the test's hands.
struct World {
  boost::asio::io_context io{1};
  tba::tests::FakeClock clock;
  tba::engine::SystemAlarm alarm{io.get_executor(), clock};
  std::string rung;

  void set(tba::Duration from_now, const std::string& name) {
    alarm.set(clock.now() + from_now, [this, name] { rung += name; });
  }
};

}  // namespace

TEST_CASE("alarm: it rings once, also for what is past") {
  World world;
  world.set(1ms, "a");
  world.clock.advance(1ms);
  world.io.run();
  CHECK(world.rung == "a");
  world.set(-1h, "b");
  world.io.restart();
  world.io.run();
  CHECK(world.rung == "ab");
}

TEST_CASE("alarm: the least instant is past, and the greatest never comes") {
  World world;
  world.alarm.set(tba::Instant::min(), [&] { world.rung += "a"; });
  world.io.run();
  CHECK(world.rung == "a");
  world.alarm.set(tba::Instant::max(), [&] { world.rung += "b"; });
  world.io.restart();
  world.io.poll();
  CHECK(world.rung == "a");
}

TEST_CASE("alarm: only what was set last rings") {
  World world;
  world.set(0ms, "a");
  world.set(0ms, "b");
  world.io.run();
  CHECK(world.rung == "b");
}

TEST_CASE("alarm: once cleared it does not ring, and may be set again") {
  World world;
  world.set(0ms, "a");
  world.alarm.clear();
  world.io.run();
  CHECK(world.rung.empty());
  world.set(0ms, "b");
  world.io.restart();
  world.io.run();
  CHECK(world.rung == "b");
}

TEST_CASE("alarm: it may be set anew while it rings") {
  World world;
  world.alarm.set(world.clock.now(), [&] {
    world.rung += "a";
    world.set(0ms, "b");
  });
  world.io.run();
  CHECK(world.rung == "ab");
}

TEST_CASE("alarm: it rings when the clock was put back") {
  World world;
  world.set(1ms, "a");
  world.clock.advance(-1s);
  world.io.run();
  CHECK(world.rung == "a");
}

TEST_CASE("alarm: it goes by the clock, not by the time that it slept") {
  World world;
  world.set(1ms, "a");
  for (int i = 0; i < 3; ++i) world.io.run_one();  // each time it has slept 1 ms for nothing
  CHECK(world.rung.empty());
  world.clock.advance(1h);
  world.io.run();
  CHECK(world.rung == "a");
}
