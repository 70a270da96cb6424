#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include "daemon/net/http_client.h"

namespace tba::net {

/// A message and who is to have it (RFC 5321, section 2.3.1).
struct Envelope {
  std::string sender;                   ///< An address: where it goes if it cannot be delivered.
  std::vector<std::string> recipients;  ///< Addresses; not empty. One that is refused refuses all.
  std::string message;                  ///< As it is sent: lines that end with CRLF.
};

/// What a mail server is asked for.
struct MailRequest {
  /// smtps://host is encrypted from the first byte (RFC 8314), smtp://host once it is agreed on
  /// (STARTTLS; RFC 3207), which is insisted on where there is a login. Without one, smtp:// stays
  /// as it is. Ports are 465 and 25 where the URL names none.
  std::string url = {};
  std::string username = {};  ///< Who logs in (RFC 4954); empty: nobody does.
  std::string password = {};
  std::string access_token = {};  ///< In the place of a password (OAUTHBEARER, XOAUTH2); or empty.
  std::optional<Envelope> envelope = {};  ///< Nothing: it is only seen whether the server is
                                          ///< there and takes the login.
  /// From the server's name to the end of the login; some let those wait whom they do not know.
  std::chrono::milliseconds connect_timeout{45'000};
  /// From when it is this request's turn to the server's last word.
  std::chrono::milliseconds timeout{60'000};
};

/// How far the talk with a mail server has come: what its last reply is about.
enum class MailStage {
  greeting,    ///< Whether it talks at all.
  hello,       ///< EHLO or HELO.
  encryption,  ///< STARTTLS.
  login,       ///< AUTH.
  sender,      ///< MAIL FROM.
  recipient,   ///< RCPT TO.
  start,       ///< DATA.
  message,     ///< The end of the message: from here on the server may have taken it.
  check,       ///< NOOP, where there is no message.
};

/// The last word of a mail server, whatever it says.
struct MailReply {
  MailStage stage = MailStage::message;
  int code = 0;           ///< RFC 5321, section 4.2: 250; from 400 on not now, from 500 on no.
  std::string text;       ///< Behind the code, in one line; 2,000 bytes at most.
  std::string recipient;  ///< At that stage, which one it is about.
};

/// The reply, or why there is none. `sent` says of a failure whether the whole message was sent, so
/// that the server may have taken it; whatever ended before that had no effect.
using MailResult = boost::system::result<MailReply, HttpFailure>;

/// Hands messages to mail servers. A seam: tests of what stands above give a scripted one.
class MailClient {
 public:
  virtual ~MailClient() = default;

  /// Talks with the server to its last word; what was sent once is not sent again. May be called
  /// from any thread; completes on the executor of the awaiting coroutine. Its terminal
  /// cancellation ends the talk within a second, with `cancelled`.
  virtual boost::asio::awaitable<MailResult> send(MailRequest request) = 0;
};

}  // namespace tba::net
