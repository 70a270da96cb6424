#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <httplib.h>

namespace tba::tests {

/// A well-behaved HTTP server on 127.0.0.1, for as long as it lives; its handlers run on threads of
/// their own.
class HttpServer {
 public:
  using Routes = std::function<void(httplib::Server&)>;

  explicit HttpServer(const Routes& routes)
      : HttpServer(std::make_unique<httplib::Server>(), "http", routes) {}

  /// With TLS, as 127.0.0.1 and localhost. Files in PEM.
  HttpServer(const std::string& certificate_file, const std::string& key_file, const Routes& routes)
      : HttpServer(std::make_unique<httplib::SSLServer>(certificate_file.c_str(), key_file.c_str()),
                   "https", routes) {}

  /// The same, and turns away whoever shows no certificate out of `clients_file`.
  HttpServer(const std::string& certificate_file, const std::string& key_file,
             const std::string& clients_file, const Routes& routes)
      : HttpServer(std::make_unique<httplib::SSLServer>(certificate_file.c_str(), key_file.c_str(),
                                                        clients_file.c_str()),
                   "https", routes) {}

  ~HttpServer() {
    server_->stop();
    thread_.join();
  }

  int port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return scheme_ + "://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

 private:
  HttpServer(std::unique_ptr<httplib::Server> server, std::string scheme, const Routes& routes)
      : server_(std::move(server)), scheme_(std::move(scheme)) {
    routes(*server_);
    int listening = -1;
    server_->set_socket_options([&](socket_t socket) { listening = socket; });
    port_ = server_->bind_to_any_port("127.0.0.1");
    // httplib lets 5 connections wait to be accepted. A burst overflows that, and what a client had
    // sent into a connection that was not taken comes seconds later, when it may be dead.
    ::listen(listening, SOMAXCONN);
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    // Else a stop() that comes before it runs is lost.
    while (!server_->is_running()) std::this_thread::yield();
  }

  std::unique_ptr<httplib::Server> server_;
  std::string scheme_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace tba::tests
