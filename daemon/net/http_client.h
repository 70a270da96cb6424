#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

namespace tba::net {

/// Header fields in order; a name may occur more than once.
using HeaderFields = std::vector<std::pair<std::string, std::string>>;

class ClientCertificate;

/// Who calls, by name and password.
struct Login {
  std::string username;
  std::string password;
};

/// An outgoing request.
struct HttpRequest {
  std::string method = "GET";  ///< A token (RFC 9110, section 9), sent as it is.
  std::string url = {};        ///< http or https, absolute. Query and user may hold secrets.
  /// Sent as they are. Content-Length, Transfer-Encoding, Connection and Expect are the client's
  /// own and refused here.
  HeaderFields headers = {};
  std::string body = {};
  std::chrono::milliseconds connect_timeout{10'000};  ///< Name, TCP and TLS together.
  /// From when it is this request's turn to the last byte: how many the client sends at a time is
  /// limited.
  std::chrono::milliseconds timeout{60'000};
  /// Follows 301, 302, 303, 307 and 308, up to 10 of them, as RFC 9110, section 15.4 says; never
  /// from https to http. Another origin gets none of `headers` but Accept, Accept-Language,
  /// Content-Type and User-Agent. Otherwise such an answer is a response like any other.
  bool follow_redirects = false;
  std::size_t max_response_bytes = 10 << 20;  ///< Of the body, decompressed.
  /// Whether the client may send it again by itself when a kept connection turns out to be dead.
  /// For `once`: false; then it is sent one time, whatever happens.
  bool may_resend = true;
  /// What the client proves with who it is; with https only. Null: it does not. Connections on
  /// which it was shown are kept for requests with the same one. Another origin is not shown it.
  std::shared_ptr<const ClientCertificate> client_certificate = {};
  /// Proved as the far side asks for it by the digest scheme (RFC 7616). To be asked, the client
  /// first sends the request without its body, which, once it was asked, counts as nothing sent.
  /// Another origin is told nothing of it.
  std::optional<Login> digest_login = {};
};

/// An answer of the far side, whatever its status.
struct HttpResponse {
  int status = 0;
  HeaderFields headers;  ///< Names in lower case.
  /// Decompressed; Content-Encoding and Content-Length are then no longer among the headers.
  std::string body = {};

  /// The value of the first field of that lower-case name, or nullptr.
  const std::string* header(std::string_view name) const;
};

/// Why there is no answer.
struct HttpFailure {
  enum class Kind {
    invalid,    ///< The request cannot be sent: malformed URL, header or method.
    connect,    ///< Nobody listens, or the way there is cut.
    dns,        ///< The host's name is not known.
    tls,        ///< The handshake failed, or the certificate is not trusted.
    timeout,    ///< `timeout` or `connect_timeout` has passed.
    reset,      ///< The connection ended before the whole answer was there.
    too_large,  ///< The answer passes max_response_bytes, or its headers 256 KiB.
    protocol,   ///< The answer is not HTTP, or redirects without end.
    cancelled,  ///< The awaiting coroutine was cancelled.
    stopping,   ///< The client is stopped, or not started.
  };
  Kind kind = Kind::protocol;
  bool sent = true;  ///< False: it is certain that no byte of the request reached the far side.
  /// A sentence without a full stop. Of the URL it names the origin only: the rest may hold tokens.
  std::string message;
  bool begun = true;  ///< False: it was never its turn, so the far side has no part in it.
};

/// The stable lower-case name of a kind, as in logs and `.error`.
std::string_view name_of(HttpFailure::Kind kind);

using HttpResult = boost::system::result<HttpResponse, HttpFailure>;

/// Called by HttpResult::value() on a failure that nobody checked: a bug, thrown as
/// std::logic_error.
[[noreturn]] void throw_exception_from_error(const HttpFailure& failure,
                                             const boost::source_location& where);

/// Sends HTTP requests. A seam: tests of what stands above give a scripted one.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// Sends the request and gives the whole answer. May be called from any thread; completes on the
  /// executor of the awaiting coroutine. Its terminal cancellation ends the request at once, with
  /// `cancelled`.
  virtual boost::asio::awaitable<HttpResult> send(HttpRequest request) = 0;
};

}  // namespace tba::net
