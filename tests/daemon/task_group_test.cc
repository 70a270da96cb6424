#include "daemon/task_group.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

using Catch::Matchers::Contains;
namespace asio = boost::asio;

namespace {

/// A group whose log the test reads.
struct World {
  World() {
    tba::daemon::LogOptions options;
    options.to_stderr = false;
    options.sink = [this](std::string_view line) { log_lines.emplace_back(line); };
    log = tba::daemon::Log::open(std::move(options)).value();
    group.emplace(io.get_executor(), *log, "the test");
  }

  /// Waits for the group in the background.
  void wait() {
    asio::co_spawn(io, group->wait(), [this](std::exception_ptr) { ++waited; });
  }

  asio::io_context io{1};
  std::vector<std::string> log_lines;
  std::unique_ptr<tba::daemon::Log> log;
  std::optional<tba::daemon::TaskGroup> group;
  int waited = 0;
};

asio::awaitable<void> turns(asio::any_io_executor executor, int count) {
  for (int i = 0; i < count; ++i) co_await asio::post(executor, asio::use_awaitable);
}

asio::awaitable<void> fails() {
  throw std::runtime_error("an unforeseen thing");
  co_return;
}

}  // namespace

TEST_CASE("task group: without tasks there is nothing to wait for") {
  World world;
  world.wait();
  world.io.run();
  CHECK(world.waited == 1);
}

TEST_CASE("task group: waiting ends with the last task, for everybody who waits") {
  World world;
  world.group->spawn(turns(world.io.get_executor(), 1));
  world.group->spawn(turns(world.io.get_executor(), 9));
  CHECK(world.group->size() == 2);
  world.wait();
  world.wait();
  while (world.group->size() > 0) {
    CHECK(world.waited == 0);
    world.io.run_one();
  }
  world.io.run();
  CHECK(world.waited == 2);
}

TEST_CASE("task group: what escapes from a task is logged, and the task has ended") {
  World world;
  world.group->spawn(fails());
  world.wait();
  world.io.run();
  CHECK(world.waited == 1);
  REQUIRE(world.log_lines.size() == 1);
  CHECK_THAT(world.log_lines[0], Contains("a task met a bug") && Contains("the test") &&
                                     Contains("an unforeseen thing"));
}
