#include "daemon/connectors/signing/signed_pairs.h"

#include <algorithm>

#include "daemon/http/form.h"
#include "shared/uri.h"

namespace tba::connectors {
namespace {

std::string decoded(std::string_view text) {
  std::string made;
  return http::append_decoded(made, text, true) ? made : std::string(text);
}

}  // namespace

Pairs decoded_pairs(std::string_view encoded) {
  Pairs pairs;
  while (!encoded.empty()) {
    const auto pair = encoded.substr(0, encoded.find('&'));
    encoded.remove_prefix(std::min(pair.size() + 1, encoded.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(decoded(pair.substr(0, equals)),
                       decoded(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return pairs;
}

std::string sorted_and_encoded(const Pairs& pairs) {
  Pairs encoded;
  encoded.reserve(pairs.size());
  for (const auto& [name, value] : pairs)
    encoded.emplace_back(percent_encode(name), percent_encode(value));
  std::ranges::sort(encoded);
  std::string made;
  for (const auto& [name, value] : encoded) {
    if (!made.empty()) made += '&';
    made.append(name).append("=").append(value);
  }
  return made;
}

}  // namespace tba::connectors
