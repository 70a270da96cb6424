#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace tba::benchmark {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Request = beast::http::request<beast::http::string_body>;
using Response = beast::http::response<beast::http::string_body>;

/// Gives the answer to a request; its status and body suffice.
using Answer = std::function<asio::awaitable<Response>(Request request)>;

inline asio::awaitable<void> serve_connection(asio::ip::tcp::socket socket, const Answer& answer) {
  beast::tcp_stream stream(std::move(socket));
  stream.socket().set_option(asio::ip::tcp::no_delay(true));
  beast::flat_buffer buffer;
  try {
    for (bool open = true; open;) {
      Request request;
      co_await beast::http::async_read(stream, buffer, request, asio::use_awaitable);
      open = request.keep_alive();
      auto response = co_await answer(std::move(request));
      response.keep_alive(open);
      response.prepare_payload();
      co_await beast::http::async_write(stream, response, asio::use_awaitable);
    }
  } catch (const boost::system::system_error&) {  // the client went away
  }
}

inline asio::awaitable<void> accept_connections(asio::ip::tcp::acceptor acceptor,
                                                const Answer& answer) {
  for (;;) {
    auto socket = co_await acceptor.async_accept(asio::use_awaitable);
    const auto executor = socket.get_executor();
    asio::co_spawn(executor, serve_connection(std::move(socket), answer), asio::detached);
  }
}

/// Serves on 127.0.0.1 with one thread, until SIGTERM or SIGINT. Port 0 takes a free one; which, is
/// printed.
inline void serve(asio::io_context& context, std::uint16_t port, const Answer& answer) {
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), port});
  std::printf("%u\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&](const auto&, int) { context.stop(); });
  asio::co_spawn(context, accept_connections(std::move(acceptor), answer), asio::detached);
  context.run();
}

/// Calls `start(done)` and suspends until `done(number)` has been called, on whatever thread.
template <class Start>
asio::awaitable<std::int64_t> number_from(Start start) {
  return asio::async_initiate<const asio::use_awaitable_t<>&, void(std::int64_t)>(
      [](auto handler, Start begin) {
        const auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        begin([waiting](std::int64_t number) {
          const auto executor = asio::get_associated_executor(*waiting);
          asio::post(executor, [waiting, number] { std::move (*waiting)(number); });
        });
      },
      asio::use_awaitable, std::move(start));
}

inline Response accepted(std::int64_t run) {
  Response response{beast::http::status::accepted, 11};
  response.body() = "{\"run\":" + std::to_string(run) + "}";
  return response;
}

}  // namespace tba::benchmark
