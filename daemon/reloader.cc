#include "daemon/reloader.h"

#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tba::daemon {

namespace asio = boost::asio;

/// One reading; whoever waits is woken however it ends.
class Reloader::Turn {
 public:
  explicit Turn(Reloader& reloader) : reloader_(reloader) { reloader_.reading_ = true; }
  ~Turn() {
    reloader_.reading_ = false;
    reloader_.ended_.cancel();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Reloader& reloader_;
};

asio::awaitable<Result<>> Reloader::reload() {
  const auto wanted = begun_ + 1;
  while (completed_ < wanted) {
    if (reading_) {
      boost::system::error_code woken;
      co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      continue;
    }
    const Turn turn(*this);
    const auto number = ++begun_;
    auto outcome = co_await read_();
    completed_ = number;
    outcome_ = std::move(outcome);
  }
  co_return outcome_;
}

}  // namespace tba::daemon
