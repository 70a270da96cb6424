#include "tests/support/raw_server.h"

#include <charconv>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tba::tests {

namespace {

FileDescriptor bound_socket(int& port) {
  FileDescriptor bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port on 127.0.0.1");
  }
  port = ntohs(address.sin_port);
  return bound;
}

}  // namespace

std::optional<std::string> RawConnection::read_request() {
  const auto read_more = [this] {
    char bytes[16'384];
    const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count > 0) read_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  };
  std::size_t head = 0;
  while ((head = read_.find("\r\n\r\n")) == read_.npos) {
    if (!read_more()) return {};
  }
  std::size_t size = head + 4;
  constexpr std::string_view kLength = "Content-Length: ";
  if (const auto at = read_.find(kLength); at < head) {
    std::size_t length = 0;
    std::from_chars(read_.data() + at + kLength.size(), read_.data() + head, length);
    size += length;
  }
  while (read_.size() < size) {
    if (!read_more()) return {};
  }
  auto request = read_.substr(0, size);
  read_.erase(0, size);
  return request;
}

void RawConnection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void RawConnection::wait_for_end() {
  char bytes[16'384];
  while (::recv(socket_, bytes, sizeof bytes, 0) > 0) {
  }
}

void RawConnection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::string answer(std::string_view body, std::string_view status) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

RawServer::RawServer(Script script) : script_(std::move(script)), listener_(bound_socket(port_)) {
  if (::listen(listener_.get(), 1024) != 0) throw std::runtime_error("cannot listen");
  accepting_ = std::thread([this] { accept_connections(); });
}

RawServer::~RawServer() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    for (const auto& served : served_) {
      if (served.socket) ::shutdown(served.socket.get(), SHUT_RDWR);
    }
  }
  accepting_.join();
  for (auto& served : served_) served.thread.join();
}

std::string RawServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

void RawServer::accept_connections() {
  for (int number = 0;; ++number) {
    FileDescriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::lock_guard lock(mutex_);
    if (!socket || ending_) return;
    auto& served = served_.emplace_back(Served{std::move(socket), {}});
    served.thread = std::thread([this, &served, number] { serve(served.socket, number); });
  }
}

void RawServer::serve(FileDescriptor& socket, int number) {
  RawConnection connection(socket.get(), number);
  script_(connection);
  std::lock_guard lock(mutex_);
  socket.reset();
}

int unused_port() {
  static std::mutex mutex;
  static std::list<FileDescriptor> held;
  int port = 0;
  const std::scoped_lock lock(mutex);
  held.push_back(bound_socket(port));
  return port;
}

}  // namespace tba::tests
