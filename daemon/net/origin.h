#pragma once

#include <string>

namespace tba::net {

/// The parts of a URL that make its origin (RFC 6454), in lower case; the port is the scheme's own
/// where the URL names none.
struct Origin {
  std::string scheme, host, port;

  bool operator==(const Origin&) const = default;
};

/// The URL's origin as the client that sends requests sees it, so that a URL cannot be one thing
/// here and another thing there. All parts are empty where it is no absolute URL.
Origin origin_of(const std::string& url);

/// "https://api.example.com:443"
std::string text_of(const Origin& origin);

/// Where a reference leads that was found at `base` (RFC 3986 section 5.2), as that client sees it;
/// empty where it leads nowhere.
std::string resolve_url(const std::string& base, const std::string& reference);

}  // namespace tba::net
