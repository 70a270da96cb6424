#pragma once

#include <string>
#include <string_view>

#include "daemon/connectors/hmac.h"
#include "daemon/http/message.h"

namespace tba::tests {

/// The headers of a GitHub delivery that is signed as with `secret`; with an empty one, unsigned.
inline http::Headers delivery_headers(const std::string& event, const std::string& id,
                                      std::string_view secret, std::string_view body) {
  http::Headers headers{{"X-GitHub-Event", event}, {"X-GitHub-Delivery", id}};
  if (secret.empty()) return headers;
  std::string signature = "sha256=";
  for (const auto byte : connectors::hmac_sha256(secret, body)) {
    const auto bits = std::to_integer<unsigned>(byte);
    signature += "0123456789abcdef"[bits >> 4];
    signature += "0123456789abcdef"[bits & 0xf];
  }
  headers.add("X-Hub-Signature-256", signature);
  return headers;
}

}  // namespace tba::tests
