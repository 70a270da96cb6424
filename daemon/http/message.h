#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <sys/types.h>

namespace tba::http {

class EventStream;

/// Header fields in the order they were received or are to be sent. Names are compared without
/// regard to case (RFC 9110 section 5.1) and may occur more than once.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }

  /// The value of the first field of that name, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;
  /// How many fields have that name.
  std::size_t count(std::string_view name) const;

  void reserve(std::size_t fields) { fields_.reserve(fields); }

  const std::vector<Field>& fields() const { return fields_; }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// Who is at the other end of a connection.
struct Peer {
  /// On the unix socket: the user and process that connected (SO_PEERCRED).
  struct Local {
    uid_t uid = 0;
    pid_t pid = 0;
  };
  std::optional<Local> local;  ///< Nothing on TCP.
  std::string address;         ///< "192.0.2.7" or "2001:db8::7"; empty on the unix socket.
  std::uint16_t port = 0;

  /// For logs and records: "192.0.2.7:50122", "[2001:db8::7]:50122" or "uid 1000".
  std::string text() const;
};

/// A request as a handler gets it: complete, its framing checked, its target taken apart.
struct Request {
  std::string method;  ///< As sent; "GET" for the handler that serves a HEAD.
  std::string target;  ///< As sent: path and query, still encoded.
  std::string path;    ///< Decoded, begins with '/', valid UTF-8 without control characters.
  std::vector<std::pair<std::string, std::string>> query;  ///< Decoded, in order.
  std::vector<std::pair<std::string, std::string>>
      parameters;  ///< Of the route's pattern, decoded.
  Headers headers;
  std::string body;
  Peer peer;
  /// The address of whoever sent it: the peer's or, where that is a trusted proxy, the one that it
  /// tells of (client_address.h). Empty where there is none, or it is not known.
  std::string client;

  /// Who sent it, for logs and records: the client behind a proxy, else the peer with its port.
  std::string sender() const;
  /// The path parameter of that name. Requires: the route's pattern has it.
  const std::string& parameter(std::string_view name) const;
  /// The first query parameter of that name, or nothing.
  std::optional<std::string_view> query_value(std::string_view name) const;
};

/// What a handler answers. Content-Length, Date, Connection and Transfer-Encoding are the server's
/// to write; a body's Content-Type is the handler's.
struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Where set, the answer is a stream of server-sent events (`body` is not used), which lasts
  /// until this coroutine ends. It is cancelled when the client goes away or the server stops.
  std::function<boost::asio::awaitable<void>(EventStream&)> stream;
};

/// An answer with that body as application/json.
Response json_response(int status, std::string json);
/// An answer with that body as text/plain in UTF-8.
Response text_response(int status, std::string text);
/// An answer that is a stream of server-sent events.
Response stream_response(std::function<boost::asio::awaitable<void>(EventStream&)> stream);

/// "Not Found" for 404; "Unknown" for a status this daemon never sends.
std::string_view reason_phrase(int status);

}  // namespace tba::http
