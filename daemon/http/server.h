#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/http/route.h"
#include "daemon/log.h"
#include "shared/error.h"
#include "shared/ip_network.h"

namespace tba::http {

/// So much of a body counts towards no total: the number of connections bounds it. Small requests
/// are thus taken however many large ones there are.
inline constexpr std::size_t kFreeBody = 64 << 10;

/// The bounds a server keeps for its own protection.
struct Limits {
  std::size_t header_bytes = 16 << 10;   ///< Request line and header fields; above it 431.
  std::size_t body_bytes = 25 << 20;     ///< Where a route says nothing; above it 413.
  std::size_t bodies_total = 256 << 20;  ///< Memory of all bodies from TCP together, from their
                                         ///< first byte to their answer; above it 503. The first
                                         ///< kFreeBody bytes of each are not counted.
  std::size_t connections = 1024;  ///< For each listener. When it is full, the connection that
                                   ///< has been idle longest is closed to make room; while all
                                   ///< are busy no more are accepted.
  std::chrono::milliseconds idle{60'000};          ///< Between two requests; then it is closed.
  std::chrono::milliseconds header_time{10'000};   ///< First byte to end of header; then 408.
  std::chrono::milliseconds body_time{120'000};    ///< End of header to end of body; then 408.
  std::chrono::milliseconds handler_time{30'000};  ///< Where a route says nothing; then 504.
  std::chrono::milliseconds write_time{30'000};    ///< For a client to take an answer, or an event.
  std::chrono::milliseconds heartbeat{15'000};     ///< Between comments on a silent event stream.
};

/// An HTTP/1.1 server for a table of routes, on unix sockets and TCP; one coroutine for each
/// connection. What goes wrong is answered with a problem document (problem.h).
///
/// The executor must run one handler at a time (an io_context with one thread, or a strand); every
/// function is called on it, or before it runs. stop() must have completed before the server is
/// destroyed, unless nothing ever listened.
class Server {
 public:
  /// `log` must outlive the server. `trusted_proxies` are believed whom they pass requests on from
  /// (Request::client). Requires: patterns are well formed, and no two routes have the same method
  /// and pattern; throws std::logic_error otherwise.
  Server(boost::asio::any_io_executor executor, std::vector<Route> routes, Limits limits,
         daemon::Log& log, std::vector<IpNetwork> trusted_proxies = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Listens on an IP address ("localhost" stands for 127.0.0.1); port 0 lets the system choose.
  Result<> listen_tcp(const std::string& host, std::uint16_t port);

  /// Listens on a unix socket, which is created with mode 0600 and removed by stop(). The path must
  /// be free (see daemon::HomeLock::remove_stale_socket) and shorter than 108 bytes.
  Result<> listen_unix(const std::filesystem::path& path);

  /// The port of the first TCP listener, or nothing.
  std::optional<std::uint16_t> tcp_port() const;

  /// From now on requests are answered with a 503 problem `stopping`, except those of routes with
  /// `while_stopping`. Requests that a handler has already and event streams go on.
  void drain();

  /// Stops accepting, drains, closes idle connections and ends event streams at once, gives the
  /// requests in flight that much time, then cancels their handlers. Completes when every
  /// connection has ended.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tba::http
