#pragma once

#include <deque>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace tba::tests {

/// Runs the coroutine to its end on the calling thread and gives what it gives; for tests that
/// await one thing. May be called within a coroutine that it runs, but on one thread only.
template <class T>
T run_coroutine(boost::asio::awaitable<T> coroutine) {
  // Each call has its own, which stays: the thread that posts the completion may still be leaving
  // post() when the call ends.
  static std::deque<boost::asio::io_context> contexts;
  auto& context = contexts.emplace_back();
  std::optional<T> outcome;
  boost::asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr thrown, T value) {
    if (thrown) std::rethrow_exception(thrown);
    outcome.emplace(std::move(value));
  });
  context.run();
  return std::move(outcome).value();
}

}  // namespace tba::tests
