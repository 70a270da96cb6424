// Headers Forwarded and X-Forwarded-For: whatever the bytes, reading them ends, an address that is
// found can be read again, and what a stranger wrote before it changes nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "daemon/http/client_address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tba::IpAddress;
  static const std::vector<tba::IpNetwork> trusted{*tba::IpNetwork::parse("10.0.0.0/8"),
                                                   *tba::IpNetwork::parse("2001:db8::/32")};
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto client_of = [](const std::string& header, const std::string& value) {
    return tba::http::forwarded_client({{header, value}}, trusted);
  };
  struct Form {
    std::string header;
    std::string before;
  };
  for (const Form& form :
       {Form{"Forwarded", "for=203.0.113.9, "}, Form{"X-Forwarded-For", "anything at all, "}}) {
    const auto client = client_of(form.header, text);
    if (!client) continue;
    if (IpAddress::parse(client->text()) != client) std::abort();
    bool is_trusted = false;
    for (const auto& network : trusted) is_trusted = is_trusted || network.contains(*client);
    if (is_trusted) continue;  // nobody was asked by a stranger
    if (static_cast<std::size_t>(std::ranges::count(text, ',')) + 2 > tba::http::kMostHops)
      continue;
    if (client_of(form.header, form.before + text) != client) std::abort();
  }
  return 0;
}
