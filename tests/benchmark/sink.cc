// The far side of a benchmark: answers every request, at once or after so many milliseconds.
//
//   sink PORT [DELAY]
//
// GET /count tells how many requests there were, /most how many of them it had at a time, /latency
// the 50th and the 99th percentile, in milliseconds, of how long ago they were caused when they
// came. When that was, in microseconds since 1970, their X-Sent-At says.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "tests/benchmark/bare_server.h"

namespace tba::benchmark {
namespace {

class Sink {
 public:
  explicit Sink(std::chrono::milliseconds delay) : delay_(delay) {}

  asio::awaitable<Response> answer(Request request) {
    if (request.target() == "/count") co_return text(std::to_string(requests_));
    if (request.target() == "/most") co_return text(std::to_string(most_));
    if (request.target() == "/latency") co_return text(latency());
    ++requests_;
    most_ = std::max(most_, ++present_);
    note_latency(request["X-Sent-At"]);
    if (delay_ > delay_.zero()) {
      asio::steady_timer timer(co_await asio::this_coro::executor, delay_);
      co_await timer.async_wait(asio::use_awaitable);
    }
    --present_;
    co_return text("{\"id\":1}");
  }

 private:
  static Response text(std::string body) {
    Response response{beast::http::status::ok, 11};
    response.set(beast::http::field::content_type, "application/json");
    response.body() = std::move(body);
    return response;
  }

  void note_latency(beast::string_view sent_at) {
    std::int64_t sent = 0;
    const auto [end, error] = std::from_chars(sent_at.begin(), sent_at.end(), sent);
    if (error != std::errc()) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    latencies_.push_back(static_cast<double>(micros - sent) / 1000);
  }

  std::string latency() {
    if (latencies_.empty()) return "0 0";
    std::ranges::sort(latencies_);
    const auto at = [&](double part) {
      return latencies_[static_cast<std::size_t>(static_cast<double>(latencies_.size() - 1) *
                                                 part)];
    };
    return fmt::format("{:.2f} {:.2f}", at(0.5), at(0.99));
  }

  const std::chrono::milliseconds delay_;
  std::int64_t requests_ = 0;
  std::int64_t present_ = 0;
  std::int64_t most_ = 0;
  std::vector<double> latencies_;
};

}  // namespace
}  // namespace tba::benchmark

int main(int argc, char** argv) {
  using namespace tba::benchmark;
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: sink PORT [DELAY]\n");
    return 2;
  }
  asio::io_context context(1);
  Sink sink(std::chrono::milliseconds(argc > 2 ? std::atoi(argv[2]) : 0));
  serve(context, static_cast<std::uint16_t>(std::atoi(argv[1])),
        [&](Request request) { return sink.answer(std::move(request)); });
}
