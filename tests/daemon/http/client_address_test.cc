#include "daemon/http/client_address.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using tba::IpNetwork;
using tba::http::Headers;

namespace {

/// Whom a proxy in 10.0.0.0/8 or 2001:db8:1::/48 that gives these headers was asked by.
std::string client(const Headers& headers) {
  const std::vector<IpNetwork> trusted{*IpNetwork::parse("10.0.0.0/8"),
                                       *IpNetwork::parse("2001:db8:1::/48")};
  const auto address = tba::http::forwarded_client(headers, trusted);
  return address ? address->text() : "unknown";
}

std::string forwarded(const std::string& value) {
  return client({{"Forwarded", value}});
}

std::string forwarded_for(const std::string& value) {
  return client({{"X-Forwarded-For", value}});
}

}  // namespace

TEST_CASE("client address: the last one that is no trusted proxy is the client's") {
  CHECK(forwarded_for("203.0.113.9") == "203.0.113.9");
  CHECK(forwarded_for("198.51.100.1, 203.0.113.9, 10.0.0.7,10.1.1.1") == "203.0.113.9");
  CHECK(forwarded("for=198.51.100.1, for=203.0.113.9;by=10.0.0.7, for=10.0.0.7") == "203.0.113.9");
  CHECK(client({{"x-forwarded-for", "198.51.100.1"}, {"X-Forwarded-For", "203.0.113.9"}}) ==
        "203.0.113.9");
}

TEST_CASE("client address: where all are trusted the first one asked") {
  CHECK(forwarded_for("10.0.0.7, 10.0.0.8") == "10.0.0.7");
  CHECK(forwarded(R"(for="[2001:db8:1::7]", for=10.0.0.8)") == "2001:db8:1::7");
}

TEST_CASE("client address: what a stranger wrote before that counts for nothing") {
  CHECK(forwarded_for("10.0.0.1, rubbish, 203.0.113.9, 10.0.0.7") == "203.0.113.9");
  CHECK(forwarded("for=_hidden;x=\"a,b\", for=203.0.113.9") == "203.0.113.9");
}

TEST_CASE("client address: Forwarded names nodes as RFC 7239 says") {
  CHECK(forwarded("For=\"[2001:db8:cafe::17]:4711\"") == "2001:db8:cafe::17");
  CHECK(forwarded("proto=https;for=\"203.0.113.9:8080\";host=example.com") == "203.0.113.9");
  CHECK(forwarded("for=\"203.0.113\\.9\"") == "203.0.113.9");
  CHECK(forwarded(", for=203.0.113.9 ,, ") == "203.0.113.9");
  CHECK(forwarded(";for=203.0.113.9; by=10.0.0.7;;") == "203.0.113.9");
  for (const auto* text : {"",
                           "for=unknown",
                           "for=_secret",
                           "proto=https",
                           "for=203.0.113.9;for=203.0.113.9",
                           "for=",
                           "for",
                           "for =203.0.113.9",
                           "for=\"203.0.113.9",
                           "for=\"203.0.113.9\\",
                           "for=[::1]",
                           "for=\"2001:db8::7\"",
                           "for=203.0.113.9 x",
                           "=203.0.113.9",
                           "for=\"203.0.113.9:\"",
                           "for=\"203.0.113.9:x\"",
                           "for=\"203.0.113.9:123456\"",
                           "for=\"[2001:db8::7\"",
                           "for=\"[2001:db8::7]x\"",
                           "for=\"[203.0.113.9]\"",
                           "for=198.51.100.1, for=203.0.113.9, for=\"",
                           "for=203.0.113.9, for=unknown"}) {
    INFO(text);
    CHECK(forwarded(text) == "unknown");
  }
}

TEST_CASE("client address: X-Forwarded-For names addresses, with a port or without") {
  CHECK(forwarded_for("2001:db8:cafe::17") == "2001:db8:cafe::17");
  CHECK(forwarded_for("[2001:db8:cafe::17]:443") == "2001:db8:cafe::17");
  CHECK(forwarded_for("203.0.113.9:50122") == "203.0.113.9");
  CHECK(forwarded_for("::ffff:203.0.113.9") == "203.0.113.9");
  CHECK(forwarded_for(" 203.0.113.9 , ") == "203.0.113.9");
  for (const auto* text : {"", ",", "unknown", "203.0.113.9, example.com", "203.0.113.9;",
                           "203.0.113.009", "203.0.113.9, 203.0.113.300"}) {
    INFO(text);
    CHECK(forwarded_for(text) == "unknown");
  }
}

TEST_CASE("client address: two headers that differ tell nothing, since one may be a stranger's") {
  CHECK(client({{"Forwarded", "for=203.0.113.9"}, {"X-Forwarded-For", "203.0.113.9"}}) ==
        "203.0.113.9");
  CHECK(client({{"Forwarded", "for=198.51.100.1"}, {"X-Forwarded-For", "203.0.113.9"}}) ==
        "unknown");
  CHECK(client({{"Forwarded", "for=unknown"}, {"X-Forwarded-For", "203.0.113.9"}}) == "unknown");
  CHECK(client({{"Host", "example.com"}}) == "unknown");
}

TEST_CASE("client address: a list has an end") {
  std::string addresses = "203.0.113.9";
  std::string elements = "for=203.0.113.9";
  for (std::size_t hop = 1; hop < tba::http::kMostHops; ++hop) {
    addresses += ", 10.0.0.7";
    elements += ", for=10.0.0.7";
  }
  CHECK(forwarded_for(addresses) == "203.0.113.9");
  CHECK(forwarded(elements) == "203.0.113.9");
  CHECK(forwarded_for(addresses + ", 10.0.0.7") == "unknown");
  CHECK(forwarded(elements + ", for=10.0.0.7") == "unknown");
}
