#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include "daemon/http/server.h"
#include "tests/support/raw_client.h"

namespace tba::tests {

/// A server that runs on a thread of its own, on a loopback port.
class RunningServer {
 public:
  explicit RunningServer(std::vector<http::Route> routes, http::Limits limits = {},
                         const std::filesystem::path& socket = {},
                         std::vector<IpNetwork> trusted_proxies = {})
      : log_(daemon::Log::open({.level = daemon::LogLevel::debug,
                                .format = daemon::LogFormat::text,
                                .to_stderr = false,
                                .file = {},
                                .sink =
                                    [this](std::string_view line) {
                                      const std::lock_guard lock(mutex_);
                                      lines_.append(line).append("\n");
                                    },
                                .redact = {}})
                 .value()),
        server_(io_.get_executor(), std::move(routes), limits, *log_, std::move(trusted_proxies)) {
    server_.listen_tcp("127.0.0.1", 0).value();
    if (!socket.empty()) server_.listen_unix(socket).value();
    port_ = server_.tcp_port().value();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() { stop(std::chrono::milliseconds(0)); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  std::uint16_t port() const { return port_; }
  RawClient connect() const { return RawClient::tcp(port_); }
  /// Stops the server; returns when it, and its thread, have ended.
  void stop(std::chrono::milliseconds grace) {
    if (!thread_.joinable()) return;
    boost::asio::co_spawn(io_, server_.stop(grace), boost::asio::use_future).get();
    thread_.join();
  }
  void drain() {
    boost::asio::post(io_, boost::asio::use_future([this] { server_.drain(); })).get();
  }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  boost::asio::io_context& io() { return io_; }

 private:
  std::mutex mutex_;
  std::string lines_;  // guarded by mutex_
  boost::asio::io_context io_{1};
  std::unique_ptr<daemon::Log> log_;
  http::Server server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace tba::tests
