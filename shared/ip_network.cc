#include "shared/ip_network.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace tba {
namespace {

/// What IPv4 is mapped behind.
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

constexpr int kBits = 128;
constexpr int kBitsBeforeIpv4 = 96;

/// The length of a prefix; nothing where the text is none that addresses of so many bits can have.
std::optional<int> parse_length(std::string_view text, int most) {
  int length = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, length);
  const bool is_padded = text.size() > 1 && text.front() == '0';
  if (failure != std::errc() || stop != end || is_padded || length < 0 || length > most)
    return std::nullopt;
  return length;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  const std::string terminated(text);
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
  std::ranges::copy(kMapped, address.bytes_.begin());
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes_.data() + kMapped.size()) == 1)
    return address;
  return std::nullopt;
}

bool IpAddress::is_ipv4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_ipv4()) {
    inet_ntop(AF_INET, bytes_.data() + kMapped.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return Error{ErrorCode::invalid,
                 fmt::format("'{}' is neither an address nor a network of them", text),
                 "such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"};
  }
  IpNetwork network;
  network.first_ = *address;
  if (slash == std::string_view::npos) return network;
  const bool is_short = text.substr(0, slash).find(':') == std::string_view::npos;
  const int before = is_short ? kBitsBeforeIpv4 : 0;
  const auto length = parse_length(text.substr(slash + 1), kBits - before);
  if (!length) {
    return Error{ErrorCode::invalid,
                 fmt::format("'{}' does not say how many bits of the address count", text),
                 fmt::format("from /0 to /{}", kBits - before)};
  }
  network.bits_ = before + *length;
  auto first = network.first_;
  for (int bit = network.bits_; bit < kBits; ++bit) {
    first.bytes_[static_cast<std::size_t>(bit / 8)] &=
        static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
  }
  if (first == network.first_) return network;
  return Error{ErrorCode::invalid,
               fmt::format("the address of '{}' has bits behind the {} that count", text, *length),
               fmt::format("the network that it is in: {}/{}", first.text(), *length)};
}

bool IpNetwork::contains(const IpAddress& address) const {
  const auto whole = static_cast<std::size_t>(bits_ / 8);
  if (!std::equal(first_.bytes_.begin(), first_.bytes_.begin() + whole, address.bytes_.begin()))
    return false;
  const int rest = bits_ % 8;
  if (rest == 0) return true;
  return ((first_.bytes_[whole] ^ address.bytes_[whole]) >> (8 - rest)) == 0;
}

}  // namespace tba
