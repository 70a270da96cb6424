#pragma once

#include <string>
#include <string_view>

#include <httplib.h>

/// Deliveries as GitHub sends them:
/// https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
namespace tba::tests {

/// The value of X-Hub-Signature-256.
std::string github_signature(std::string_view secret, std::string_view body);

/// The headers of a delivery but for its signature.
httplib::Headers github_headers(const std::string& event, const std::string& delivery_id);

/// The headers of a delivery.
httplib::Headers signed_github_headers(const std::string& event, const std::string& delivery_id,
                                       std::string_view secret, std::string_view body);

}  // namespace tba::tests
