#include "daemon/http/client_address.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "shared/uri.h"

namespace tba::http {
namespace {

/// Whom each proxy was asked by, in order; nothing for one that is no address.
using Hops = std::vector<std::optional<IpAddress>>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool is_port(std::string_view text) {
  constexpr std::size_t kMostDigits = 5;
  return !text.empty() && text.size() <= kMostDigits &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// An address as a node is named (RFC 7239 section 6): "192.0.2.7", "192.0.2.7:80",
/// "[2001:db8::7]",
/// "[2001:db8::7]:80".
std::optional<IpAddress> parse_node(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    port = text.substr(end + 1);
    text = text.substr(1, end - 1);
    if (text.find(':') == std::string_view::npos) return std::nullopt;
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    port = text.substr(colon);
    text = text.substr(0, colon);
  }
  if (!port.empty() && !(port.front() == ':' && is_port(port.substr(1)))) return std::nullopt;
  return IpAddress::parse(text);
}

/// Reads the elements of Forwarded one after the other (RFC 7239 section 4). A position only ever
/// goes on, so it ends with the text.
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view text) : rest_(text) {}

  /// Adds the elements; false where the text is malformed.
  bool read(Hops& hops) {
    do {
      skip_blanks();
      if (rest_.empty() || rest_.front() == ',') continue;  // RFC 9110 section 5.6.1
      if (!read_element(hops) || hops.size() > kMostHops) return false;
      skip_blanks();
    } while (skip(','));
    return rest_.empty();
  }

 private:
  void skip_blanks() {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }

  bool skip(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Pairs with a ';' between them, `for` being one of them at most.
  bool read_element(Hops& hops) {
    bool has_for = false;
    std::optional<IpAddress> address;
    do {
      skip_blanks();
      if (rest_.empty() || rest_.starts_with(',') || rest_.starts_with(';')) continue;  // no pair
      const auto name = token();
      std::string value;
      if (name.empty() || !skip('=') || !read_value(value)) return false;
      if (!equal_ignoring_case(name, "for")) continue;
      if (has_for) return false;
      has_for = true;
      address = parse_node(value);
    } while (skip(';'));
    hops.push_back(address);
    return true;
  }

  std::string_view token() {
    constexpr std::string_view kToken =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const auto found = rest_.substr(0, rest_.find_first_not_of(kToken));
    rest_.remove_prefix(found.size());
    return found;
  }

  bool read_value(std::string& value) {
    if (!skip('"')) {
      value = token();
      return !value.empty();
    }
    while (!rest_.empty() && rest_.front() != '"') {
      skip('\\');
      if (rest_.empty()) return false;
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    return skip('"');
  }

  std::string_view rest_;
};

bool read_forwarded(std::string_view text, Hops& hops) {
  return ForwardedReader(text).read(hops);
}

/// The addresses with commas between them; those of IPv6 may have no brackets.
bool read_forwarded_for(std::string_view text, Hops& hops) {
  while (true) {
    const auto comma = text.find(',');
    const auto node = trimmed(text.substr(0, comma));
    const auto address = IpAddress::parse(node);
    if (!node.empty()) hops.push_back(address ? address : parse_node(node));
    if (hops.size() > kMostHops) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

/// The last that is no trusted proxy.
std::optional<IpAddress> client_of(const Hops& hops, std::span<const IpNetwork> trusted) {
  const auto is_proxy = [&](const std::optional<IpAddress>& hop) {
    return hop && std::ranges::any_of(
                      trusted, [&](const IpNetwork& network) { return network.contains(*hop); });
  };
  const auto client = std::find_if_not(hops.rbegin(), hops.rend(), is_proxy);
  return client == hops.rend() ? hops.front() : *client;
}

struct Source {
  std::string_view header;
  bool (*read)(std::string_view text, Hops& hops);
};
constexpr Source kSources[] = {{"Forwarded", read_forwarded},
                               {"X-Forwarded-For", read_forwarded_for}};

}  // namespace

std::optional<IpAddress> forwarded_client(const Headers& headers,
                                          std::span<const IpNetwork> trusted) {
  std::optional<IpAddress> client;
  for (const auto& [header, read] : kSources) {
    Hops hops;
    bool is_there = false;
    for (const auto& [name, value] : headers) {
      if (!equal_ignoring_case(name, header)) continue;
      is_there = true;
      if (!read(value, hops)) return std::nullopt;
    }
    if (!is_there) continue;
    const auto told = hops.empty() ? std::nullopt : client_of(hops, trusted);
    if (!told || (client && client != told)) return std::nullopt;
    client = told;
  }
  return client;
}

}  // namespace tba::http
