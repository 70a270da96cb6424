#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "daemon/file_descriptor.h"

namespace tba::tests {

/// One connection to a RawServer, in the hands of its script. A write to a connection that is gone
/// does nothing.
class RawConnection {
 public:
  RawConnection(int socket, int number) : socket_(socket), number_(number) {}

  int number() const { return number_; }  ///< Which one it is, counted from 0.
  /// The next request, head and body (by its Content-Length), or nothing at the end of the stream.
  std::optional<std::string> read_request();
  void write(std::string_view bytes);
  /// Waits until the client has closed the connection.
  void wait_for_end();
  /// Closes without good manners (RST), so that the client sees a reset; nothing more can be done.
  void reset();

 private:
  int socket_;
  int number_;
  std::string read_;
};

/// An HTTP/1.1 answer with its Content-Length, for RawConnection::write().
std::string answer(std::string_view body, std::string_view status = "200 OK");

/// A server on 127.0.0.1 that does with each connection what its script says, byte by byte; for
/// what no real HTTP server does. The connection is closed when the script returns.
class RawServer {
 public:
  using Script = std::function<void(RawConnection&)>;

  explicit RawServer(Script script);
  ~RawServer();  ///< Shuts every connection down and waits for the scripts.
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  int port() const { return port_; }
  std::string url(std::string_view path = "/") const;

 private:
  void accept_connections();
  void serve(FileDescriptor& socket, int number);

  Script script_;
  int port_ = 0;
  FileDescriptor listener_;
  std::mutex mutex_;  // Of the following two, and of closing a socket.
  bool ending_ = false;
  struct Served {
    FileDescriptor socket;
    std::thread thread;
  };
  std::list<Served> served_;
  std::thread accepting_;
};

/// A port of 127.0.0.1 on which nobody listens, or can as long as the program runs.
int unused_port();

}  // namespace tba::tests
