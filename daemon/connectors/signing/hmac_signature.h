#pragma once

#include <string_view>

#include "daemon/net/http_client.h"
#include "shared/clock.h"
#include "shared/error.h"
#include "shared/hmac_scheme.h"

namespace tba::connectors {

/// What an `hmac` credential holds.
struct HmacKeys {
  std::string_view key;
  std::string_view secret;
};

/// Signs the finished request in the way that the scheme describes: sets its headers, each in the
/// place of one of that name. The nonce must be a new one for each request. Requires: an absolute
/// URL. Error (`invalid`): the secret is not written in the scheme's encoding.
Result<> sign_hmac(net::HttpRequest& request, const HmacScheme& scheme, const HmacKeys& keys,
                   Instant now, std::string_view nonce);

}  // namespace tba::connectors
