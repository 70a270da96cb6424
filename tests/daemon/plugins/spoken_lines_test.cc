#include "daemon/plugins/spoken_lines.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using Catch::Contains;
using tba::Instant;
using tba::daemon::LogLevel;
using tba::plugins::SpokenLines;

namespace {

struct World {
  std::vector<std::string> lines;
  std::unique_ptr<tba::daemon::Log> log = [this] {
    tba::daemon::LogOptions options;
    options.level = LogLevel::info;
    options.to_stderr = false;
    options.sink = [this](std::string_view line) { lines.emplace_back(line); };
    return tba::daemon::Log::open(std::move(options)).value();
  }();
  SpokenLines spoken{*log, "csv"};
  Instant now{1'000'000s};
};

}  // namespace

TEST_CASE("spoken lines: each is an entry of its level that names the plugin") {
  World world;
  world.spoken.add(LogLevel::debug, "not of interest", world.now);
  world.spoken.add(LogLevel::info, "one", world.now);
  world.spoken.add(LogLevel::warning, "two", world.now);
  world.spoken.add(LogLevel::error, "three", world.now);
  REQUIRE(world.lines.size() == 3);
  CHECK_THAT(world.lines[0], Contains("info") && Contains("csv") && Contains("one"));
  CHECK_THAT(world.lines[1], Contains("warning") && Contains("two"));
  CHECK_THAT(world.lines[2], Contains("error") && Contains("three"));
}

TEST_CASE("spoken lines: of a long one the beginning is logged") {
  World world;
  world.spoken.add(LogLevel::info, std::string(10'000, 'x'), world.now);
  CHECK_THAT(world.lines.at(0), Contains(std::string(SpokenLines::kMaxBytes, 'x')) &&
                                    !Contains(std::string(SpokenLines::kMaxBytes + 1, 'x')));
}

TEST_CASE("spoken lines: in a minute there are so many, and then is told how many were left out") {
  World world;
  for (std::size_t i = 0; i < SpokenLines::kMaxLines + 7; ++i)
    world.spoken.add(LogLevel::info, "again", world.now);
  CHECK(world.lines.size() == SpokenLines::kMaxLines);
  world.spoken.add(LogLevel::info, "again", world.now + 59s);
  CHECK(world.lines.size() == SpokenLines::kMaxLines);
  world.spoken.add(LogLevel::info, "later", world.now + 60s);
  REQUIRE(world.lines.size() == SpokenLines::kMaxLines + 2);
  CHECK_THAT(world.lines[SpokenLines::kMaxLines], Contains("more than is logged") && Contains("8"));
  CHECK_THAT(world.lines.back(), Contains("later"));
}
