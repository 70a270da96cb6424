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

}  // namespace tba::net
