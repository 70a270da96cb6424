#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tba::connectors {

/// Names and values, decoded.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// The pairs of an encoded query or form in their order; '+' stands for a space, a name without '='
/// has the value "". What is no right encoding is taken as it is.
Pairs decoded_pairs(std::string_view encoded);

/// The pairs encoded (RFC 3986), sorted by name and then value as they are encoded, byte by byte,
/// and joined as "a=1&b=": how both OAuth 1.0 and AWS want them signed.
std::string sorted_and_encoded(const Pairs& pairs);

}  // namespace tba::connectors
