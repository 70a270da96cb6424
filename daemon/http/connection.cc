#include "daemon/http/connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include "daemon/http/client_address.h"
#include "daemon/http/event_stream.h"
#include "daemon/http/problem.h"
#include "daemon/http/refusal.h"
#include "daemon/http/response_head.h"

namespace tba::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using namespace std::chrono_literals;

constexpr std::size_t kReadHeader = 16 << 10;  // bytes asked for at a time
constexpr std::size_t kReadBody = 64 << 10;
constexpr std::size_t kKeptBuffer = 32 << 10;  // memory an idle connection may hold on to
constexpr std::size_t kJoinedBody = 16
                                    << 10;  // bodies up to this are sent in one piece with the head
constexpr auto kLinger = 3s;
constexpr auto kRetryAfter = 5s;

Refusal refusal_of_parse_error(const error_code& error, const Limits& limits) {
  using E = beast_http::error;
  if (error == E::header_limit) {
    return refusal(
        431, "header_too_large",
        "the request's header is larger than " + std::to_string(limits.header_bytes) + " bytes");
  }
  if (error == E::bad_version) {
    return refusal(505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  return refusal(400, "bad_request", "the request is malformed: " + error.message());
}

Refusal too_large(std::size_t limit) {
  return refusal(413, "too_large",
                 "the request's body is larger than " + std::to_string(limit) + " bytes");
}

Refusal stopping() {
  return refusal(503, "stopping", "the daemon is stopping", "try again in a moment");
}

Refusal too_busy() {
  auto busy = refusal(503, "busy", "the daemon holds as many request bodies as it may",
                      "try again in a moment");
  busy.answer.headers.add("Retry-After", std::to_string(kRetryAfter.count()));
  return busy;
}

bool is_one_of(std::span<const IpNetwork> networks, const Peer& peer) {
  if (networks.empty()) return false;
  const auto address = IpAddress::parse(peer.address);
  return address && std::ranges::any_of(
                        networks, [&](const auto& network) { return network.contains(*address); });
}

/// To be awaited before a coroutine that was cancelled can await anything else.
auto forget_cancellation() {
  return asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
}

}  // namespace

Connection::Connection(ConnectionHost& host, const Router& router, Socket socket, Peer peer)
    : host_(host),
      router_(router),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      is_proxy_(is_one_of(host.trusted_proxies(), peer_)) {
  error_code ignored;
  // Answers are tried at once, without a turn through the event loop.
  socket_.non_blocking(true, ignored);
}

Connection::~Connection() {
  if (parser_) let_go_of_body();
}

std::optional<Ticks::time_point> Connection::idle_since() const {
  return phase_ == Phase::idle ? std::optional(entered_) : std::nullopt;
}

void Connection::end_if_idle() {
  if (phase_ == Phase::idle) abort();
}

void Connection::end_stream() {
  if (streaming_) signal_.emit(asio::cancellation_type::terminal);
}

void Connection::abort() {
  aborted_ = true;
  give_up();
}

void Connection::give_up() {
  gave_up_ = true;
  deadline_ = Ticks::time_point::max();
  if (phase_ == Phase::handling || streaming_) {
    signal_.emit(asio::cancellation_type::terminal);
  } else {
    error_code ignored;
    socket_.cancel(ignored);
  }
}

void Connection::enter(Phase phase, std::chrono::milliseconds time) {
  phase_ = phase;
  gave_up_ = aborted_;
  entered_ = Ticks::now();
  deadline_ = entered_ + time;
  host_.wake_at(deadline_);
}

void Connection::enter_unlimited(Phase phase) {
  phase_ = phase;
  gave_up_ = aborted_;
  deadline_ = Ticks::time_point::max();
}

std::size_t Connection::body_limit() const {
  return route_->max_body > 0 ? route_->max_body : host_.limits().body_bytes;
}

// In the coroutines below no co_await stands inside a condition or beside && and ||: g++ 12 lays
// out some such frames wrongly.
asio::awaitable<void> Connection::run() {
  bool open = true;
  while (open) {
    open = co_await receive();
    if (!open) break;
    const auto started = entered_;
    std::string line;
    const bool logged = host_.log().enabled(daemon::LogLevel::debug);
    if (logged) line = parser_->request().method + ' ' + parser_->request().target;
    Response response;
    if (refusal_) {
      let_go_of_body();
      if (path_ && path_->on_refused) co_await tell_of_refusal();
      response = std::move(refusal_->answer);
    } else {
      response = co_await handle();
    }
    const int status = response.status;
    if (response.stream) {
      open = co_await stream(std::move(response));
    } else {
      open = co_await respond(std::move(response));
    }
    if (logged) {
      const std::chrono::duration<double, std::milli> took = Ticks::now() - started;
      host_.log().debug(
          "request",
          {{"peer", peer_.text()}, {"request", line}, {"status", status}, {"ms", took.count()}});
    }
    let_go_of_body();
    if (!received_) co_await linger();
  }
}

/// Receives a request, or as much as is needed to refuse it. False: there is none to answer.
asio::awaitable<bool> Connection::receive() {
  parser_.emplace(host_.limits().header_bytes);
  refusal_.reset();
  route_ = nullptr;
  path_ = nullptr;
  received_ = false;
  head_only_ = false;
  if (buffer_.size() == 0 && buffer_.capacity() > kKeptBuffer) buffer_ = {};
  bool arrived = co_await receive_header();
  if (!arrived) co_return false;
  if (refusal_) co_return true;
  if (!resolve()) {
    skip_rest();
    co_return true;
  }
  if (!parser_->is_done()) arrived = co_await receive_body();
  received_ = arrived && !refusal_;
  co_return arrived;
}

asio::awaitable<bool> Connection::receive_header() {
  enter(Phase::idle, host_.limits().idle);
  bool starved = buffer_.size() == 0;
  while (true) {
    if (starved) {
      const bool arrived = co_await fill(kReadHeader);
      if (!arrived) co_return refusal_.has_value();
    }
    if (phase_ == Phase::idle) enter(Phase::receiving, host_.limits().header_time);
    const std::size_t before = buffer_.size();
    if (!feed() || parser_->is_header_done()) co_return true;
    starved = buffer_.size() == 0 || buffer_.size() == before;
  }
}

asio::awaitable<bool> Connection::receive_body() {
  const auto expect = parser_->request().headers.find("Expect");
  if (expect && !parser_->is_http_1_0() && buffer_.size() == 0) {
    const bool sent = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return false;
  }
  enter(Phase::receiving, host_.limits().body_time);
  while (true) {
    const std::size_t before = buffer_.size();
    if (before > 0 && !feed()) co_return true;
    if (parser_->is_done()) co_return true;
    if (buffer_.size() < before) continue;
    // The parser takes body bytes as they come; what it leaves is the line of a chunk or a trailer.
    if (before > host_.limits().header_bytes) {
      refuse(refusal(400, "bad_request", "the line before a chunk of the body is too long"));
      co_return true;
    }
    const bool arrived = co_await fill(kReadBody);
    if (!arrived) co_return refusal_.has_value();
  }
}

/// Waits for more bytes. False: there are none; `refusal_` is set where the client can be told why.
asio::awaitable<bool> Connection::fill(std::size_t bytes) {
  error_code error;
  if (!gave_up_) {
    const std::size_t count = co_await socket_.async_read_some(
        buffer_.prepare(bytes), asio::redirect_error(asio::use_awaitable, error));
    buffer_.commit(count);
    if (count > 0) co_return true;
  }
  if (gave_up_ && !aborted_ && phase_ == Phase::receiving) {
    refuse(refusal(408, "request_timeout", "the request did not arrive in time"));
  } else if (error == asio::error::eof && parser_->is_header_done()) {
    // The client may have closed its side only (RFC 9112 section 8).
    refuse(refusal(400, "cut_short", "the connection ended before the request's body did"));
  }
  co_return false;
}

/// Gives the parser what was received. False: the request is refused.
bool Connection::feed() {
  error_code error;
  const auto data = buffer_.data();
  if (!parser_->got_some()) {
    // A line break too many after a request before is let pass (RFC 9112 section 2.2).
    const std::string_view text(static_cast<const char*>(data.data()), data.size());
    if (text.starts_with("\r\n")) {
      buffer_.consume(2);
      return true;
    }
  }
  buffer_.consume(parser_->feed(data.data(), data.size(), error));
  if (!error || error == beast_http::error::need_more) {
    const bool held = !parser_->is_header_done() || hold_body();
    if (!held) refuse(too_busy());
    return held;
  }
  if (error == beast_http::error::body_limit) {
    refuse(too_large(body_limit()));
  } else {
    refuse(refusal_of_parse_error(error, host_.limits()));
  }
  return false;
}

/// Finds the route from the header alone, so that a body is only read where somebody wants it.
/// False: the request is refused.
bool Connection::resolve() {
  received_ = parser_->is_done();
  head_only_ = parser_->request().method == "HEAD";
  refusal_ = objection();
  return !refusal_;
}

std::optional<Refusal> Connection::objection() {
  Request& request = parser_->request();
  if (auto in_doubt = parser_->framing_refusal()) {
    received_ = false;  // where the message ends is in doubt
    return in_doubt;
  }
  auto target = Target::parse(request.target);
  if (!target) return refusal(400, "bad_request", target.error().message);
  auto match = router_.match(request.method, *target);
  path_ = match.route ? match.route : match.other;
  request.parameters = std::move(match.parameters);
  request.peer = peer_;
  request.client = client(request.headers);
  if (!match.route) {
    if (match.allow.empty())
      return refusal(404, "not_found", "there is nothing at " + target->path());
    auto refused = refusal(405, "method_not_allowed",
                           "'" + request.method + "' is not possible at " + target->path());
    refused.answer.headers.add("Allow", std::move(match.allow));
    return refused;
  }
  route_ = match.route;
  if (host_.draining() && !route_->while_stopping) return stopping();
  if (const auto expect = request.headers.find("Expect");
      expect && !boost::beast::iequals(*expect, "100-continue")) {
    return refusal(417, "expectation_failed", "the only expectation known is '100-continue'");
  }
  if (parser_->content_length().value_or(0) > body_limit()) return too_large(body_limit());
  parser_->body_limit(body_limit());
  if (head_only_ && route_->method == "GET") request.method = "GET";
  request.query = std::move(target->query);
  request.path = std::move(*target).take_path();
  if (!route_->admits) return std::nullopt;
  try {
    return route_->admits(request);
  } catch (...) {
    return Refusal{failure(std::current_exception()), "the daemon failed at this request"};
  }
}

/// The address of whoever sent the request; empty where it is not known.
std::string Connection::client(const Headers& headers) const {
  if (!is_proxy_) return peer_.address;
  const auto told = forwarded_client(headers, host_.trusted_proxies());
  return told ? told->text() : std::string();
}

/// Leaves out the body of a refused request where all of it has come along with the header: the
/// connection can go on then.
void Connection::skip_rest() {
  const auto length = parser_->content_length();
  if (parser_->framing_refusal() || !length || *length > buffer_.size()) return;
  if (parser_->request().headers.find("Expect")) return;
  buffer_.consume(static_cast<std::size_t>(*length));
  received_ = true;
}

/// Has the host count what the body takes by now; false where that is too much.
bool Connection::hold_body() {
  const std::size_t takes = parser_->request().body.capacity();
  if (peer_.local || takes <= kFreeBody + body_memory_) return true;
  const std::size_t more = takes - kFreeBody - body_memory_;
  if (!host_.take_body_memory(more)) return false;
  body_memory_ += more;
  return true;
}

void Connection::let_go_of_body() {
  parser_->request().body = {};
  if (body_memory_ > 0) host_.give_back_body_memory(std::exchange(body_memory_, 0));
}

asio::awaitable<Response> Connection::handle() {
  if (aborted_) co_return stopping().answer;
  enter(Phase::handling, route_->deadline > 0ms ? route_->deadline : host_.limits().handler_time);
  Response response;
  std::exception_ptr exception;
  try {
    response = co_await route_->handler(std::move(parser_->request()));
  } catch (...) {
    exception = std::current_exception();
  }
  if (gave_up_) co_await forget_cancellation();
  if (exception) co_return failure(exception);
  if (!headers_are_valid(response.headers)) {
    co_return failure(
        std::make_exception_ptr(std::logic_error("the handler gave a header that cannot be sent")));
  }
  co_return response;
}

asio::awaitable<void> Connection::tell_of_refusal() {
  if (aborted_) co_return;
  enter(Phase::handling, host_.limits().handler_time);
  std::exception_ptr exception;
  try {
    co_await path_->on_refused(std::move(parser_->request()), *refusal_);
  } catch (...) {
    exception = std::current_exception();
  }
  if (gave_up_) co_await forget_cancellation();
  if (exception) failure(exception);
}

Response Connection::failure(std::exception_ptr exception) {
  std::string what = "an unknown exception";
  bool cancelled = false;
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const boost::system::system_error& error) {
    what = error.what();
    cancelled = gave_up_ && error.code() == asio::error::operation_aborted;
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
  }
  if (cancelled && aborted_) return stopping().answer;
  if (cancelled) return problem(504, "timed_out", "the request took too long");
  const std::string incident = host_.next_incident();
  host_.log().error("a request failed inside the daemon", {{"incident", incident},
                                                           {"method", path_->method},
                                                           {"route", path_->pattern},
                                                           {"what", what}});
  return problem(500, "internal",
                 "the daemon failed at this request; its log has incident " + incident);
}

/// Sends the answer. False: the connection does not go on.
asio::awaitable<bool> Connection::respond(Response response) {
  const bool keep = received_ && !host_.draining() && !aborted_ && parser_->keep_alive();
  const bool bodiless = response.status == 204 || response.status == 304;
  out_.clear();
  append_head(out_, response,
              {.date = host_.date(),
               .content_length = bodiless ? std::nullopt : std::optional(response.body.size()),
               .chunked = false,
               .close = !keep,
               .keep_alive = keep && parser_->is_http_1_0()});
  std::string_view body = bodiless || head_only_ ? std::string_view() : response.body;
  if (body.size() <= kJoinedBody) {
    out_.append(body);
    body = {};
  }
  const bool sent = co_await write(out_, body);
  co_return sent&& keep;
}

/// Sends both parts. False: the connection does not go on.
asio::awaitable<bool> Connection::write(std::string_view head, std::string_view body) {
  error_code error;
  std::array buffers = {asio::buffer(head), asio::buffer(body)};
  const std::size_t size = head.size() + body.size();
  std::size_t sent = socket_.write_some(buffers, error);
  if (sent == size) co_return true;
  if (error && error != asio::error::would_block) co_return false;
  enter(Phase::writing, host_.limits().write_time);
  const std::size_t of_head = std::min(sent, buffers[0].size());
  buffers[0] += of_head;
  buffers[1] += sent - of_head;
  co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::use_awaitable, error));
  if (streaming_) enter_unlimited(Phase::waiting);
  co_return !error;
}

/// Ends a connection whose client may still be sending: closing with bytes unread would reset it,
/// and the client might never see the answer.
asio::awaitable<void> Connection::linger() {
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  enter(Phase::lingering, kLinger);
  while (!error && !gave_up_) {
    buffer_.clear();
    co_await socket_.async_read_some(buffer_.prepare(kReadBody),
                                     asio::redirect_error(asio::use_awaitable, error));
  }
}

/// A handler's stream of events with what runs beside it: comments while it is silent, and a look
/// at whether the client is still there.
class Connection::Stream final : public EventStream {
 public:
  Stream(Connection& connection, bool chunked)
      : connection_(connection),
        chunked_(chunked),
        written_(connection.socket_.get_executor(), Ticks::time_point::max()),
        heartbeat_(connection.socket_.get_executor()) {}

  asio::awaitable<bool> send(Event event) override {
    co_return co_await write(format_event(event));
  }

  asio::awaitable<void> serve(Response response) {
    using namespace asio::experimental::awaitable_operators;
    co_await (handle(std::move(response)) || keep_alive() || watch());
  }

 private:
  /// The one writer there can be at a time.
  struct Turn {
    explicit Turn(Stream& of) : stream(of) { stream.writing_ = true; }
    ~Turn() {
      stream.writing_ = false;
      stream.written_.cancel();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Stream& stream;
  };

  asio::awaitable<void> handle(Response response) {
    std::exception_ptr exception;
    try {
      co_await response.stream(*this);
    } catch (...) {
      exception = std::current_exception();
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != asio::cancellation_type::none;
    co_await forget_cancellation();
    if (exception && !cancelled) {
      connection_.failure(exception);  // too late for another answer: the log has it
      broken_ = true;                  // and the client sees a stream cut short
    }
    while (writing_) co_await wait_for_writer();
    if (chunked_ && !broken_) co_await write_raw("0\r\n\r\n");
  }

  asio::awaitable<void> keep_alive() {
    const auto interval = connection_.host_.limits().heartbeat;
    while (!broken_) {
      heartbeat_.expires_at(last_write_ + interval);
      co_await heartbeat_.async_wait(asio::use_awaitable);
      if (Ticks::now() - last_write_ >= interval) co_await write(":\n\n");
    }
  }

  asio::awaitable<void> watch() {
    std::array<char, 256> ignored;
    error_code error;
    while (!error) {
      co_await connection_.socket_.async_read_some(
          asio::buffer(ignored), asio::redirect_error(asio::use_awaitable, error));
    }
    if (error != asio::error::operation_aborted) broken_ = true;
  }

  asio::awaitable<bool> write(std::string text) {
    while (writing_) co_await wait_for_writer();
    if (broken_) co_return false;
    last_write_ = Ticks::now();
    if (chunked_) {
      std::array<char, 16> digits;
      const auto end =
          std::to_chars(digits.data(), digits.data() + digits.size(), text.size(), 16).ptr;
      text.insert(0, std::string(digits.data(), end) + "\r\n").append("\r\n");
    }
    co_return co_await write_raw(std::move(text));
  }

  /// A write that is cancelled or fails may have sent a part: nothing can follow it.
  asio::awaitable<bool> write_raw(std::string text) {
    const Turn turn(*this);
    const bool sent = co_await connection_.write(text);
    broken_ = !sent;
    co_return sent;
  }

  asio::awaitable<void> wait_for_writer() {
    error_code cancelled;
    co_await written_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }

  Connection& connection_;
  const bool chunked_;
  bool writing_ = false;
  bool broken_ = false;
  asio::steady_timer written_;  // never expires; cancelled after each write, to wake who waits
  asio::steady_timer heartbeat_;
  Ticks::time_point last_write_ = Ticks::now();
};

/// Sends the answer and its events. The connection does not go on afterwards.
asio::awaitable<bool> Connection::stream(Response response) {
  out_.clear();
  const bool chunked = !parser_->is_http_1_0();
  append_head(out_, response,
              {.date = host_.date(),
               .content_length = std::nullopt,
               .chunked = chunked,
               .close = true,
               .keep_alive = false});
  const bool sent = co_await write(out_);
  if (!sent || head_only_ || aborted_) co_return false;
  enter_unlimited(Phase::waiting);
  streaming_ = true;
  Stream events(*this, chunked);
  co_await events.serve(std::move(response));
  co_await forget_cancellation();
  streaming_ = false;
  co_return false;
}

}  // namespace tba::http
