#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "daemon/http/message.h"
#include "daemon/http/parser.h"
#include "daemon/http/router.h"
#include "daemon/http/server.h"
#include "daemon/log.h"
#include "shared/ip_network.h"

namespace tba::http {

/// A TCP or unix stream socket.
using Socket = boost::asio::generic::stream_protocol::socket;

/// Monotonic time, for deadlines.
using Ticks = std::chrono::steady_clock;

/// What a connection needs of its server.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual const Limits& limits() const = 0;
  virtual daemon::Log& log() = 0;
  virtual bool draining() const = 0;
  /// The proxies that are believed whom they pass requests on from.
  virtual std::span<const IpNetwork> trusted_proxies() const = 0;
  /// The Date field's value; valid until the next call.
  virtual std::string_view date() = 0;
  /// A new id for an incident, to find it in the log.
  virtual std::string next_incident() = 0;
  /// Memory for bodies from TCP; false where there would be too much of it. What was taken is to
  /// be given back.
  virtual bool take_body_memory(std::size_t bytes) = 0;
  virtual void give_back_body_memory(std::size_t bytes) = 0;
  /// The connection wants check_deadline() called at that time, or soon after.
  virtual void wake_at(Ticks::time_point deadline) = 0;
};

/// One connection and the coroutine that serves it, a request at a time. Everything happens on the
/// server's executor.
class Connection {
 public:
  /// `host` and `router` must outlive the connection.
  Connection(ConnectionHost& host, const Router& router, Socket socket, Peer peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Serves requests until the connection has ended. Its coroutine must be cancelled by signal()
  /// only, which is the connection's own to emit.
  boost::asio::awaitable<void> run();
  boost::asio::cancellation_signal& signal() { return signal_; }

  /// Since when it has been waiting for a request, or nothing while it has one.
  std::optional<Ticks::time_point> idle_since() const;
  /// Ends it if it is waiting for a request.
  void end_if_idle();
  /// Ends an event stream, cancelling its handler.
  void end_stream();
  /// Ends it whatever it does; a handler is cancelled.
  void abort();

  /// When it will have taken too long over what it is doing.
  Ticks::time_point deadline() const { return deadline_; }
  /// Requires: the deadline has passed. Gives up what the connection is doing.
  void give_up();

 private:
  enum class Phase { idle, receiving, handling, waiting, writing, lingering };
  class Stream;

  // Steps of run(). Each bool says whether the connection can go on.
  boost::asio::awaitable<bool> receive();
  boost::asio::awaitable<bool> receive_header();
  boost::asio::awaitable<bool> receive_body();
  boost::asio::awaitable<bool> fill(std::size_t bytes);
  bool feed();
  bool resolve();
  std::optional<Refusal> objection();
  std::string client(const Headers& headers) const;
  void skip_rest();
  bool hold_body();
  void let_go_of_body();
  boost::asio::awaitable<Response> handle();
  boost::asio::awaitable<void> tell_of_refusal();
  boost::asio::awaitable<bool> respond(Response response);
  boost::asio::awaitable<bool> stream(Response response);
  boost::asio::awaitable<bool> write(std::string_view head, std::string_view body = {});
  boost::asio::awaitable<void> linger();

  void enter(Phase phase, std::chrono::milliseconds time);
  void enter_unlimited(Phase phase);
  void refuse(Refusal refusal) { refusal_ = std::move(refusal); }
  std::size_t body_limit() const;
  Response failure(std::exception_ptr exception);

  ConnectionHost& host_;
  const Router& router_;
  Socket socket_;
  const Peer peer_;
  const bool is_proxy_;  // the peer, trusted to tell of its clients
  boost::asio::cancellation_signal signal_;

  Phase phase_ = Phase::idle;
  bool streaming_ = false;  // a stream's handler runs; it may be writing
  Ticks::time_point entered_;
  Ticks::time_point deadline_ = Ticks::time_point::max();
  bool gave_up_ = false;  // on the present phase
  bool aborted_ = false;

  boost::beast::flat_buffer buffer_;  // received and not yet used
  std::string out_;                   // the answer being written; kept for its memory

  // The request being worked on.
  std::optional<RequestParser> parser_;
  std::optional<Refusal> refusal_;  // found before there was a handler
  const Route* route_ = nullptr;
  const Route* path_ = nullptr;  // the route, or another of the path: who hears of a refusal
  bool head_only_ = false;
  bool received_ = false;        // the whole of it
  std::size_t body_memory_ = 0;  // taken from the host
};

}  // namespace tba::http
