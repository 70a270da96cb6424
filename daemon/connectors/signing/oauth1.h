#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/connectors/signing/signed_pairs.h"
#include "daemon/net/http_client.h"
#include "shared/auth_scheme.h"

namespace tba::connectors {

/// What an OAuth 1.0 (RFC 5849) credential holds. Without a token the client speaks for itself.
struct OAuth1Keys {
  std::string_view consumer_key;
  std::string_view consumer_secret;
  std::string_view token = {};
  std::string_view token_secret = {};
};

/// The value of the header Authorization that signs the request as it stands (RFC 5849 section 3):
/// method, URL and, of a form, its fields; no other body is signed by this protocol. The nonce must
/// be a new one for each request; `timestamp` is in seconds since 1970. Requires: an absolute URL.
std::string oauth1_authorization(const net::HttpRequest& request, const OAuth1Keys& keys,
                                 AuthScheme::OAuth1Method method, std::string_view nonce,
                                 std::int64_t timestamp);

/// The text that is signed (RFC 5849 section 3.4.1), with the protocol's own parameters.
std::string oauth1_base_string(const net::HttpRequest& request, const Pairs& protocol_parameters);

}  // namespace tba::connectors
