#include "daemon/http/server.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <list>
#include <random>
#include <variant>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "daemon/http/connection.h"
#include "daemon/http/response_head.h"
#include "daemon/http/router.h"

namespace tba::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

constexpr auto kSweepGap = 20ms;       // deadlines are looked at no more often than this
constexpr auto kAcceptPause = 100ms;   // while there is no room, or no descriptor, for another
constexpr std::size_t kMaxPath = 107;  // sun_path with its NUL

Error cannot_listen(const std::string& where, const error_code& error) {
  return {ErrorCode::unavailable, "cannot listen on " + where + ": " + error.message(), {}};
}

std::optional<Peer> peer_of(const Tcp::socket& socket) {
  error_code error;
  const auto end = socket.remote_endpoint(error);
  if (error) return std::nullopt;  // gone already
  return Peer{std::nullopt, end.address().to_string(), end.port()};
}

std::optional<Peer> peer_of(Local::socket& socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return std::nullopt;
  }
  return Peer{Peer::Local{credentials.uid, credentials.pid}, {}, 0};
}

void prepare(Tcp::socket& socket) {
  error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
}
void prepare(Local::socket&) {}

}  // namespace

class Server::Impl final : public ConnectionHost {
 public:
  Impl(asio::any_io_executor executor, std::vector<Route> routes, Limits limits, daemon::Log& log,
       std::vector<IpNetwork> trusted_proxies)
      : executor_(std::move(executor)),
        routes_(std::move(routes)),
        limits_(limits),
        log_(log),
        trusted_proxies_(std::move(trusted_proxies)),
        incidents_(std::random_device()()),
        sweep_(executor_),
        changed_(executor_) {
    for (const auto& route : routes_) {
      local_router_.add(route);
      if (route.reach == Reach::anywhere) tcp_router_.add(route);
    }
  }

  Result<> listen_tcp(const std::string& host, std::uint16_t port);
  Result<> listen_unix(const std::filesystem::path& path);
  std::optional<std::uint16_t> tcp_port() const { return tcp_port_; }
  void drain() { draining_ = true; }
  asio::awaitable<void> stop(std::chrono::milliseconds grace);

  const Limits& limits() const override { return limits_; }
  daemon::Log& log() override { return log_; }
  bool draining() const override { return draining_; }
  std::span<const IpNetwork> trusted_proxies() const override { return trusted_proxies_; }
  std::string_view date() override;
  std::string next_incident() override { return fmt::format("{:016x}", incidents_()); }
  bool take_body_memory(std::size_t bytes) override;
  void give_back_body_memory(std::size_t bytes) override { body_memory_ -= bytes; }
  void wake_at(Ticks::time_point deadline) override;

 private:
  struct Listener {
    std::variant<Tcp::acceptor, Local::acceptor> acceptor;
    const Router& router;
    std::list<Connection> connections;
    asio::steady_timer room;  // cancelled when a connection has ended
  };

  void start(std::variant<Tcp::acceptor, Local::acceptor> acceptor, const Router& router);
  template <class Acceptor>
  asio::awaitable<void> accept(Listener& listener, Acceptor& acceptor);
  asio::awaitable<void> make_room(Listener& listener);
  void serve(Listener& listener, Socket socket, Peer peer);
  void sweep();
  void ended();

  asio::any_io_executor executor_;
  const std::vector<Route> routes_;
  const Limits limits_;
  daemon::Log& log_;
  const std::vector<IpNetwork> trusted_proxies_;
  Router local_router_;
  Router tcp_router_;
  std::list<Listener> listeners_;
  std::optional<std::uint16_t> tcp_port_;
  std::vector<std::filesystem::path> socket_paths_;
  bool draining_ = false;
  bool stopping_ = false;
  std::size_t running_ = 0;  // coroutines and the timer's handlers: what stop() waits for

  std::size_t body_memory_ = 0;
  std::mt19937_64 incidents_;
  std::time_t date_time_ = -1;
  std::string date_;

  asio::steady_timer sweep_;  // one timer for the deadlines of all connections
  Ticks::time_point sweep_at_ = Ticks::time_point::max();
  Ticks::time_point swept_at_;
  asio::steady_timer changed_;  // cancelled when something that runs has ended
};

Result<> Server::Impl::listen_tcp(const std::string& host, std::uint16_t port) {
  const std::string where = host + ':' + std::to_string(port);
  error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) {
    return Error{ErrorCode::invalid, "cannot listen on " + where + ": '" + host + "' is no address",
                 "give an IP address, such as 127.0.0.1, or 0.0.0.0 for all"};
  }
  const Tcp::endpoint endpoint(address, port);
  Tcp::acceptor acceptor(executor_);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    auto failure = cannot_listen(where, error);
    if (error == asio::error::address_in_use) failure.hint = "choose another port in http.listen";
    return failure;
  }
  if (!tcp_port_) tcp_port_ = acceptor.local_endpoint().port();
  start(std::move(acceptor), tcp_router_);
  return {};
}

Result<> Server::Impl::listen_unix(const std::filesystem::path& path) {
  const std::string where = path.string();
  if (where.empty() || where.size() > kMaxPath) {
    return Error{ErrorCode::invalid,
                 fmt::format("cannot listen on {}: the path of a unix socket has 1 to {} bytes",
                             where, kMaxPath),
                 "set `socket` to a shorter path"};
  }
  error_code error;
  Local::acceptor acceptor(executor_);
  acceptor.open(Local(), error);
  // The file takes the mode that its descriptor has when it is bound: nobody else can connect at
  // any moment, and the process's umask, which all threads share, is left alone.
  if (!error && fchmod(acceptor.native_handle(), S_IRUSR | S_IWUSR) != 0) {
    error.assign(errno, boost::system::system_category());
  }
  if (!error) acceptor.bind(Local::endpoint(where), error);
  if (!error) socket_paths_.push_back(path);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_listen(where, error);
  start(std::move(acceptor), local_router_);
  return {};
}

void Server::Impl::start(std::variant<Tcp::acceptor, Local::acceptor> acceptor,
                         const Router& router) {
  auto& listener = listeners_.emplace_back(
      Listener{std::move(acceptor), router, {}, asio::steady_timer(executor_)});
  std::visit(
      [&](auto& each) {
        ++running_;
        asio::co_spawn(executor_, accept(listener, each),
                       [this](const std::exception_ptr& failure) {
                         ended();
                         if (failure) std::rethrow_exception(failure);
                       });
      },
      listener.acceptor);
}

template <class Acceptor>
asio::awaitable<void> Server::Impl::accept(Listener& listener, Acceptor& acceptor) {
  asio::steady_timer pause(executor_);
  bool failed = false;
  while (!stopping_) {
    error_code error;
    auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (stopping_) break;
    if (error == asio::error::connection_aborted) continue;
    if (error) {
      if (!failed) log_.error("connections cannot be accepted", {{"error", error.message()}});
      failed = true;
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    failed = false;
    auto peer = peer_of(socket);
    if (!peer) continue;
    while (!stopping_ && listener.connections.size() >= limits_.connections) {
      co_await make_room(listener);
    }
    if (stopping_) break;
    prepare(socket);
    serve(listener, Socket(std::move(socket)), std::move(*peer));
  }
}

asio::awaitable<void> Server::Impl::make_room(Listener& listener) {
  Connection* longest = nullptr;
  for (auto& connection : listener.connections) {
    const auto since = connection.idle_since();
    if (since && (!longest || *since < *longest->idle_since())) longest = &connection;
  }
  if (longest) longest->abort();
  listener.room.expires_after(kAcceptPause);  // by then another may be idle
  error_code cancelled;
  co_await listener.room.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

void Server::Impl::serve(Listener& listener, Socket socket, Peer peer) {
  const auto connection = listener.connections.emplace(
      listener.connections.end(), *this, listener.router, std::move(socket), std::move(peer));
  ++running_;
  auto done = [this, &listener, connection](const std::exception_ptr& failure) {
    if (failure) {
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& error) {
        log_.error("a connection failed inside the daemon", {{"what", error.what()}});
      }
    }
    // Not at once: the coroutine's own frame still refers to the connection's signal.
    asio::post(executor_, [this, &listener, connection] {
      listener.connections.erase(connection);
      listener.room.cancel();
      ended();
    });
  };
  asio::co_spawn(executor_, connection->run(),
                 asio::bind_cancellation_slot(connection->signal().slot(), std::move(done)));
}

std::string_view Server::Impl::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_time_) {
    date_time_ = now;
    date_ = http_date(now);
  }
  return date_;
}

bool Server::Impl::take_body_memory(std::size_t bytes) {
  if (bytes > limits_.bodies_total - body_memory_) return false;
  body_memory_ += bytes;
  return true;
}

void Server::Impl::wake_at(Ticks::time_point deadline) {
  if (deadline >= sweep_at_) return;
  sweep_at_ = std::max(deadline, swept_at_ + kSweepGap);
  sweep_.expires_at(sweep_at_);
  ++running_;
  sweep_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) sweep();
    ended();
  });
}

void Server::Impl::sweep() {
  swept_at_ = Ticks::now();
  sweep_at_ = Ticks::time_point::max();
  auto next = Ticks::time_point::max();
  for (auto& listener : listeners_) {
    for (auto& connection : listener.connections) {
      if (connection.deadline() <= swept_at_) connection.give_up();
      next = std::min(next, connection.deadline());
    }
  }
  wake_at(next);
}

void Server::Impl::ended() {
  --running_;
  changed_.cancel();
}

asio::awaitable<void> Server::Impl::stop(std::chrono::milliseconds grace) {
  draining_ = true;
  stopping_ = true;
  error_code ignored;
  for (auto& listener : listeners_) {
    std::visit([&](auto& acceptor) { acceptor.close(ignored); }, listener.acceptor);
    listener.room.cancel();
    for (auto& connection : listener.connections) {
      connection.end_if_idle();
      connection.end_stream();
    }
  }
  for (const auto& path : socket_paths_) {
    std::error_code missing;
    std::filesystem::remove(path, missing);
  }
  const auto busy = [&] {
    return std::ranges::any_of(listeners_, [](const auto& l) { return !l.connections.empty(); });
  };
  const auto until = Ticks::now() + grace;
  while (busy() && Ticks::now() < until) {
    changed_.expires_at(until);
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  for (auto& listener : listeners_) {
    for (auto& connection : listener.connections) connection.abort();
  }
  while (running_ > 0) {
    if (!busy()) sweep_.cancel();
    changed_.expires_at(Ticks::time_point::max());
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

Server::Server(asio::any_io_executor executor, std::vector<Route> routes, Limits limits,
               daemon::Log& log, std::vector<IpNetwork> trusted_proxies)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(routes), limits, log,
                                   std::move(trusted_proxies))) {}
Server::~Server() = default;

Result<> Server::listen_tcp(const std::string& host, std::uint16_t port) {
  return impl_->listen_tcp(host, port);
}
Result<> Server::listen_unix(const std::filesystem::path& path) {
  return impl_->listen_unix(path);
}
std::optional<std::uint16_t> Server::tcp_port() const {
  return impl_->tcp_port();
}
void Server::drain() {
  impl_->drain();
}
asio::awaitable<void> Server::stop(std::chrono::milliseconds grace) {
  return impl_->stop(grace);
}

}  // namespace tba::http
