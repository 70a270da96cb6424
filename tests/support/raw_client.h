#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
  /// Says that nothing more will be sent; answers can still be read.
  void end_sending() { ::shutdown(descriptor_, SHUT_WR); }
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
    auto at = received_.find(end);
    while (at == std::string::npos) {
      const auto searched = received_.size() < end.size() ? 0 : received_.size() - end.size() + 1;
      if (!read_some()) throw std::runtime_error("ended after: " + received_);
      at = received_.find(end, searched);
    }
    const auto size = at + end.size();
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

}  // namespace tba::tests
