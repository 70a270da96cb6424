#pragma once

#include <cstdint>
#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/error.h"

namespace tba::daemon {

/// Has the files read anew, one reading at a time: were there two, the one that began first, and
/// saw older files, might be the last to take effect. Used on its executor only, which runs one
/// handler at a time.
class Reloader {
 public:
  using Reading = std::function<boost::asio::awaitable<Result<>>()>;

  Reloader(boost::asio::any_io_executor executor, Reading read)
      : read_(std::move(read)), ended_(executor, boost::asio::steady_timer::time_point::max()) {}

  /// Completes with the outcome of a reading that began after it was asked for. Those who ask while
  /// one is under way share the next.
  boost::asio::awaitable<Result<>> reload();

 private:
  class Turn;

  Reading read_;
  bool reading_ = false;
  std::uint64_t begun_ = 0;          // readings, counted
  std::uint64_t completed_ = 0;      // the last that came to its end
  Result<> outcome_;                 // of that
  boost::asio::steady_timer ended_;  // never expires; cancelled when a reading has ended
};

}  // namespace tba::daemon
