#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace tba::tests {

/// Runs the coroutine, and whatever else `context` has to do meanwhile, until it ends; gives its
/// result.
template <class T>
T await(boost::asio::io_context& context, boost::asio::awaitable<T> coroutine) {
  std::optional<T> result;
  boost::asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr thrown, T value) {
    if (thrown) std::rethrow_exception(thrown);
    result.emplace(std::move(value));
  });
  context.restart();
  while (!result) context.run_one();
  return std::move(*result);
}

}  // namespace tba::tests
