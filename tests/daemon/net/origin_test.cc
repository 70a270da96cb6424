#include "daemon/net/origin.h"

#include <catch2/catch.hpp>

using tba::net::Origin;
using tba::net::origin_of;

TEST_CASE("origin: it is the scheme, the host and the port, and nothing else") {
  const Origin api{"https", "api.example.com", "443"};
  for (const auto* url : {"https://api.example.com", "HTTPS://API.Example.Com:443/v1?a=b#c",
                          "https://user:pass@api.example.com/", "https://%61pi.example.com/"}) {
    CAPTURE(url);
    CHECK(origin_of(url) == api);
  }
  for (const auto* url :
       {"http://api.example.com", "https://api.example.com:8443", "https://example.com",
        "https://api.example.com.evil.test", "https://api.example.com@evil.test/",
        "https://evil.test/https://api.example.com", "https://evil.test?https://api.example.com"}) {
    CAPTURE(url);
    CHECK_FALSE(origin_of(url) == api);
  }
}

TEST_CASE("origin: what is no absolute URL has none") {
  for (const auto* url : {"", "api.example.com/v1", "/v1", "https://", "nonsense"}) {
    CAPTURE(url);
    CHECK(origin_of(url) == Origin{});
  }
}
