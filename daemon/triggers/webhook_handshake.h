#pragma once

#include "daemon/connectors/webhook_reading.h"
#include "daemon/http/message.h"
#include "daemon/vault/credentials.h"
#include "shared/error.h"
#include "shared/webhook_scheme.h"

namespace tba::triggers {

/// The scheme's handshake that the request is; null where it is none. Looks only at those that must
/// be verified, or at those that need not be.
const WebhookHandshake* handshake_of(const WebhookScheme& scheme,
                                     const connectors::Inbound& inbound, bool is_verified);

/// What the handshake is answered. `credential` fits `verification`, which is of the scheme.
/// Errors: `denied` where connectors::sign_challenge() refuses, else `invalid`: the answer cannot
/// be made of this request.
Result<http::Response> answer_of(const WebhookHandshake& handshake, const WebhookScheme& scheme,
                                 const WebhookVerification& verification,
                                 const vault::Credential& credential,
                                 const connectors::Inbound& inbound);

}  // namespace tba::triggers
