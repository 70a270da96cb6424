// The far side of a benchmark: answers every request at once; GET /count tells how many there were.
//
//   sink PORT
#include <cstdlib>

#include "tests/benchmark/bare_server.h"

namespace tba::benchmark {
namespace {

class Sink {
 public:
  asio::awaitable<Response> answer(Request request) {
    const bool asked = request.target() == "/count";
    Response response{beast::http::status::ok, 11};
    response.set(beast::http::field::content_type, "application/json");
    response.body() = asked ? std::to_string(requests_) : "{\"id\":1}";
    requests_ += asked ? 0 : 1;
    co_return response;
  }

 private:
  std::int64_t requests_ = 0;
};

}  // namespace
}  // namespace tba::benchmark

int main(int argc, char** argv) {
  using namespace tba::benchmark;
  if (argc != 2) {
    std::fprintf(stderr, "usage: sink PORT\n");
    return 2;
  }
  asio::io_context context(1);
  Sink sink;
  serve(context, static_cast<std::uint16_t>(std::atoi(argv[1])),
        [&](Request request) { return sink.answer(std::move(request)); });
}
