#pragma once

#include <string>
#include <string_view>

#include "shared/error.h"
#include "shared/oauth2_scheme.h"
#include "shared/value/value.h"

namespace tba::auth {

/// A signed token (RFC 7519, in the compact form of RFC 7515) that claims `claims`, an object.
/// `key_id` is its header's `kid`, or empty for none. `private_key` is PEM: PKCS #8, or the forms
/// that OpenSSL calls traditional; without a passphrase. May be called from any thread.
///
/// Errors (`invalid`, none of which shows anything of the key): it is no private key; one of RSA
/// with fewer than 2048 bits, which RS256 must not be used with (RFC 7518, section 3.3), or none of
/// RSA; for ES256 one that is not on the curve P-256.
Result<std::string> signed_jwt(OAuth2Scheme::Jwt::Algorithm algorithm, std::string_view key_id,
                               const Value& claims, std::string_view private_key);

}  // namespace tba::auth
