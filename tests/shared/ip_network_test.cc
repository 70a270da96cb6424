#include "shared/ip_network.h"

#include <string>

#include <catch2/catch.hpp>

using tba::IpAddress;
using tba::IpNetwork;

namespace {

IpAddress address(const std::string& text) {
  const auto parsed = IpAddress::parse(text);
  INFO(text);
  REQUIRE(parsed);
  return *parsed;
}

bool contains(const std::string& network, const std::string& text) {
  const auto parsed = IpNetwork::parse(network);
  INFO(network);
  REQUIRE(parsed.has_value());
  return parsed->contains(address(text));
}

std::string problem(const std::string& network) {
  const auto parsed = IpNetwork::parse(network);
  return parsed ? "none" : parsed.error().message + "; " + parsed.error().hint;
}

}  // namespace

TEST_CASE("ip address: each has one text, however it was written") {
  CHECK(address("192.0.2.7").text() == "192.0.2.7");
  CHECK(address("2001:DB8:0:0:0:0:0:7").text() == "2001:db8::7");
  CHECK(address("::").text() == "::");
  CHECK(address("::ffff:192.0.2.7").text() == "192.0.2.7");
  CHECK(address("::ffff:c000:207") == address("192.0.2.7"));
  CHECK(address("192.0.2.7").is_ipv4());
  CHECK_FALSE(address("2001:db8::7").is_ipv4());
  CHECK_FALSE(address("192.0.2.7") == address("192.0.2.8"));
}

TEST_CASE("ip address: what is none is not taken for one") {
  const std::string nul("192.0.2.7\0", 10);
  for (const std::string text :
       {"", "192.0.2", "192.0.2.256", "192.0.2.07", " 192.0.2.7", "192.0.2.7:80", "0x7f.0.0.1",
        "localhost", "[::1]", "fe80::1%eth0", "1:2:3:4:5:6:7:8:9", "::1::", ":", "12345::"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
  CHECK_FALSE(IpAddress::parse(nul));
  CHECK_FALSE(IpAddress::parse(std::string(1000, '1')));
}

TEST_CASE("ip network: it holds what begins with its bits") {
  CHECK(contains("192.0.2.0/24", "192.0.2.0"));
  CHECK(contains("192.0.2.0/24", "192.0.2.255"));
  CHECK_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
  CHECK(contains("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(contains("192.0.2.7", "192.0.2.7"));
  CHECK_FALSE(contains("192.0.2.7", "192.0.2.6"));
  CHECK(contains("2001:db8::7/128", "2001:db8::7"));
}

TEST_CASE("ip network: all of IPv4 is no part of IPv6's addresses but of those it is mapped into") {
  CHECK(contains("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::7"));
  CHECK(contains("::/0", "203.0.113.9"));
  CHECK(contains("::ffff:192.0.2.0/120", "192.0.2.9"));
  CHECK(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
  CHECK(*IpNetwork::parse("::ffff:192.0.2.0/120") == *IpNetwork::parse("192.0.2.0/24"));
}

TEST_CASE("ip network: what is wrong with one is said") {
  const std::string none = "is neither an address nor a network of them; such as 192.0.2.7, ";
  CHECK(problem("").find("'' " + none) == 0);
  CHECK(problem("example.com").find("'example.com' " + none) == 0);
  CHECK(problem("192.0.2/24").find("'192.0.2/24' " + none) == 0);
  CHECK(problem("192.0.2.0/33") ==
        "'192.0.2.0/33' does not say how many bits of the address count; from /0 to /32");
  for (const std::string length : {"", "-1", "+8", "08", "8 ", "8/8", "x", "129", "99999999999"}) {
    INFO(length);
    CHECK(problem("2001:db8::/" + length) ==
          "'2001:db8::/" + length +
              "' does not say how many bits of the address count; from /0 to /128");
  }
  CHECK(problem("192.0.2.7/24") ==
        "the address of '192.0.2.7/24' has bits behind the 24 that count; the network that it is "
        "in: 192.0.2.0/24");
}
