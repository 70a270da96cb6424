#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace tba::tests {

/// Runs the coroutine to its end on the calling thread and gives what it gives; for tests that
/// await one thing. Only one at a time may run.
template <class T>
T run_coroutine(boost::asio::awaitable<T> coroutine) {
  // Outlives the thread that posts the completion, which may still be leaving post() at the end.
  static boost::asio::io_context context;
  context.restart();
  std::optional<T> outcome;
  boost::asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr thrown, T value) {
    if (thrown) std::rethrow_exception(thrown);
    outcome.emplace(std::move(value));
  });
  context.run();
  return std::move(outcome).value();
}

}  // namespace tba::tests
