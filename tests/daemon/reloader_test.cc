#include "daemon/reloader.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

using tba::Error;
using tba::ErrorCode;
using tba::Result;
using tba::daemon::Reloader;

namespace asio = boost::asio;

namespace {

/// A reloader whose readings end when the test says so.
class World {
 public:
  /// Asks for a reading; the answer comes to `answers`, in order, as "1 ok".
  std::shared_ptr<asio::cancellation_signal> ask() {
    auto cancel = std::make_shared<asio::cancellation_signal>();
    const auto number = std::to_string(++asked_);
    asio::co_spawn(
        io_, reloader_.reload(),
        asio::bind_cancellation_slot(
            cancel->slot(), [this, number, cancel](std::exception_ptr thrown, Result<> outcome) {
              answers.push_back(number + (thrown    ? " thrown"
                                          : outcome ? " ok"
                                                    : ' ' + outcome.error().message));
            }));
    settle();
    return cancel;
  }
  /// Ends the reading that is under way.
  void end(Result<> outcome = {}) {
    REQUIRE(under_way == 1);
    outcome_ = std::move(outcome);
    gate_.cancel();
    settle();
  }
  void settle() {
    do {
      io_.restart();
    } while (io_.poll() > 0);
  }

  int under_way = 0;
  int readings = 0;
  std::vector<std::string> answers;

 private:
  asio::awaitable<Result<>> read() {
    struct Count {
      explicit Count(int& count) : count_(count) { ++count_; }
      ~Count() { --count_; }
      int& count_;
    };
    const Count count(under_way);
    CHECK(under_way == 1);
    ++readings;
    boost::system::error_code ended;
    co_await gate_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw std::runtime_error("cancelled");
    co_return outcome_;
  }

  asio::io_context io_{1};
  asio::steady_timer gate_{io_, asio::steady_timer::time_point::max()};
  Result<> outcome_;
  int asked_ = 0;
  Reloader reloader_{io_.get_executor(), [this] { return read(); }};
};

using Answers = std::vector<std::string>;

}  // namespace

TEST_CASE("reloader: who asks while files are read gets a reading that begins after that") {
  World world;
  world.ask();
  world.ask();
  world.ask();
  CHECK(world.readings == 1);
  world.end();
  CHECK(world.answers == Answers{"1 ok"});
  CHECK(world.readings == 2);
  world.ask();
  world.end(Error{ErrorCode::unavailable, "no space", ""});
  CHECK(world.answers == Answers{"1 ok", "2 no space", "3 no space"});
  CHECK(world.readings == 3);
  world.end();
  CHECK(world.answers.back() == "4 ok");
  CHECK(world.under_way == 0);
}

TEST_CASE("reloader: a reading that is cut off leaves the next to who waits for it") {
  World world;
  const auto first = world.ask();
  world.ask();
  first->emit(asio::cancellation_type::terminal);
  world.settle();
  CHECK(world.answers == Answers{"1 thrown"});
  CHECK(world.readings == 2);
  world.end();
  CHECK(world.answers == Answers{"1 thrown", "2 ok"});
}

TEST_CASE("reloader: who stops waiting disturbs nobody") {
  World world;
  world.ask();
  const auto second = world.ask();
  world.ask();
  second->emit(asio::cancellation_type::terminal);
  world.settle();
  CHECK(world.answers == Answers{"2 thrown"});
  CHECK(world.readings == 1);
  world.end();
  world.end();
  CHECK(world.answers == Answers{"2 thrown", "1 ok", "3 ok"});
}
