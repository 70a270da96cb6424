#pragma once

#include <string>

namespace tba::net {

/// What of a URL a request says to whom it reaches.
struct UrlParts {
  std::string scheme;     ///< In lower case.
  std::string authority;  ///< The host, and the port where it is not the scheme's own: as in Host.
  std::string path;       ///< Encoded as it is sent, without "." and ".." segments; "/" at least.
  std::string query;      ///< Encoded as it is sent, without '?'.
};

/// The URL's parts as the client that sends requests sees them, so that what is signed is what is
/// sent. All are empty where it is no absolute URL.
UrlParts url_parts(const std::string& url);

/// The URL with another query, given encoded and without '?', in the place of its own; without a
/// fragment.
std::string with_other_query(const std::string& url, const std::string& query);

}  // namespace tba::net
