#pragma once

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/http/server.h"

namespace tba::tests {

/// A client that sends and shows bytes as they are.
class RawClient {
 public:
  static RawClient tcp(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return RawClient(AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  static RawClient local(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return RawClient(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  RawClient(RawClient&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() { close(); }

  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  /// False where the server does not take it any more.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  /// Everything up to and with `end`; throws where the connection ends, or 10 s pass, before it.
  std::string read_until(std::string_view end) {
    while (received_.find(end) == std::string::npos) {
      if (!read_some()) throw std::runtime_error("ended after: " + received_);
    }
    const auto size = received_.find(end) + end.size();
    std::string text = received_.substr(0, size);
    received_.erase(0, size);
    return text;
  }
  /// Everything until the server closes.
  std::string read_all() {
    while (read_some()) {
    }
    return std::exchange(received_, {});
  }

 private:
  RawClient(int family, const sockaddr* address, socklen_t size)
      : descriptor_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (connect(descriptor_, address, size) != 0) throw std::runtime_error("cannot connect");
  }
  bool read_some() {
    pollfd ready{descriptor_, POLLIN, 0};
    if (poll(&ready, 1, 10'000) != 1) throw std::runtime_error("nothing came; had: " + received_);
    std::array<char, 4096> bytes;
    const ssize_t count = recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    received_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }

  int descriptor_;
  std::string received_;
};

/// A server that runs on a thread of its own, on a loopback port.
class RunningServer {
 public:
  explicit RunningServer(std::vector<http::Route> routes, http::Limits limits = {},
                         const std::filesystem::path& socket = {})
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
        server_(io_.get_executor(), std::move(routes), limits, *log_) {
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
