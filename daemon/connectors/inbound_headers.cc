#include "daemon/connectors/inbound_headers.h"

#include <algorithm>

#include "shared/uri.h"

namespace tba::connectors {

std::optional<std::string_view> find_header(Headers headers, std::string_view name) {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

}  // namespace tba::connectors
