#pragma once

#include <atomic>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tba::tests {

/// A cpp-httplib server on a unix socket, one thread and one request for each connection. Add the
/// handlers, then start(). Ends when it goes; handlers that stream must look at is_stopping().
class UnixHttpServer : public httplib::Server {
 public:
  explicit UnixHttpServer(std::string path) : path_(std::move(path)) {}
  ~UnixHttpServer() override { stop(); }

  /// Connections are accepted once it returns.
  void start() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) throw std::runtime_error("too long: " + path_);
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 64) != 0) {
      throw std::runtime_error("cannot listen on " + path_);
    }
    acceptor_ = std::thread([this] { accept_connections(); });
  }

  void stop() {
    if (listener_ < 0) return;
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& connection : connections_) connection.join();
    connections_.clear();
    ::close(listener_);
    ::unlink(path_.c_str());
    listener_ = -1;
  }

  bool is_stopping() const { return stopping_; }

 private:
  class SocketStream final : public httplib::Stream {
   public:
    explicit SocketStream(int file) : file_(file) {}
    bool is_readable() const override { return true; }
    bool is_writable() const override { return true; }
    ssize_t read(char* bytes, size_t size) override { return ::recv(file_, bytes, size, 0); }
    ssize_t write(const char* bytes, size_t size) override {
      return ::send(file_, bytes, size, MSG_NOSIGNAL);
    }
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    socket_t socket() const override { return file_; }

   private:
    int file_;
  };

  void accept_connections() {
    while (!stopping_) {
      const int file = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (file < 0) continue;
      connections_.emplace_back([this, file] {
        SocketStream stream(file);
        bool is_closed = false;
        process_request(stream, true, is_closed, nullptr);
        ::shutdown(file, SHUT_RDWR);
        ::close(file);
      });
    }
  }

  std::string path_;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::thread acceptor_;
  std::vector<std::thread> connections_;
};

}  // namespace tba::tests
