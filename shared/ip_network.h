#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/error.h"

namespace tba {

/// An address of IPv4 or IPv6. One of IPv4 is the same however it is written: an IPv6 socket shows
/// those of its IPv4 peers as "::ffff:192.0.2.7" (RFC 4291 section 2.5.5.2).
class IpAddress {
 public:
  /// Reads "192.0.2.7" or "2001:db8::7", without brackets, port or zone. Nothing where the text is
  /// no such address; numbers of IPv4 with leading zeros, which some take for octal, are none.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_ipv4() const;

  /// As RFC 5952 recommends it.
  std::string text() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  friend class IpNetwork;
  std::array<std::uint8_t, 16> bytes_{};  // of IPv6; IPv4 is mapped into it
};

/// All addresses that begin with the same bits (RFC 4632, RFC 4291 section 2.3).
class IpNetwork {
 public:
  /// Reads "192.0.2.0/24" or "2001:db8::/32"; an address alone is a network of its own. The error
  /// (`invalid`) says what is wrong with the text, a bit behind the prefix for one.
  static Result<IpNetwork> parse(std::string_view text);

  bool contains(const IpAddress& address) const;

  bool operator==(const IpNetwork&) const = default;

 private:
  IpAddress first_;
  int bits_ = 128;  // of the prefix, counted in IPv6
};

}  // namespace tba
