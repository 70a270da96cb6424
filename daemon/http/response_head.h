#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/http/message.h"

namespace tba::http {

/// What a response's head says besides what the handler gave.
struct HeadFields {
  std::string_view date;                      ///< As http_date() writes it.
  std::optional<std::size_t> content_length;  ///< Nothing: no such field (204, 304, streams).
  bool chunked = false;
  bool close = false;       ///< Say "Connection: close".
  bool keep_alive = false;  ///< Say "Connection: keep-alive", for an HTTP/1.0 client.
};

/// Appends status line and header section, the empty line included.
void append_head(std::string& out, const Response& response, const HeadFields& fields);

/// Whether every header can be sent: names are tokens, values hold no CR, LF or NUL, and none is
/// the server's own to write. Otherwise a handler would split the response.
bool headers_are_valid(const Headers& headers);

/// An IMF-fixdate (RFC 9110 section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::time_t time);

}  // namespace tba::http
