#include "daemon/net/url_parts.h"

#include <catch2/catch.hpp>

using tba::net::url_parts;
using tba::net::with_other_query;

TEST_CASE("url parts: are what is sent") {
  const auto plain = url_parts("HTTPS://user:pass@A.example:443/b%20c/../d?e=%2F&f#part");
  CHECK(plain.scheme == "https");
  CHECK(plain.authority == "A.example");
  CHECK(plain.path == "/d");
  CHECK(plain.query == "e=%2F&f");
  const auto bare = url_parts("http://[::1]:8080");
  CHECK(bare.authority == "[::1]:8080");
  CHECK(bare.path == "/");
  CHECK(bare.query.empty());
}

TEST_CASE("url parts: what is no absolute URL has none") {
  CHECK(url_parts("/a/b").scheme.empty());
  CHECK(url_parts("http://").authority.empty());
}

TEST_CASE("url parts: another query takes the place of the first, and of a fragment") {
  CHECK(with_other_query("https://a.example/b?c#d", "e=f") == "https://a.example/b?e=f");
  CHECK(with_other_query("https://a.example/b#d?", "e=f") == "https://a.example/b?e=f");
  CHECK(with_other_query("https://a.example/b?c", "") == "https://a.example/b");
}
