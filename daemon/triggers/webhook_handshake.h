#pragma once

#include "daemon/connectors/webhook_reading.h"
#include "daemon/http/message.h"
#include "daemon/vault/credentials.h"
#include "shared/error.h"
#include "shared/webhook_scheme.h"

namespace tba::triggers {

/// The scheme's handshake that the request is, of those from such a sender; null where it is none.
const WebhookHandshake* handshake_of(const WebhookScheme& scheme,
                                     const connectors::Inbound& inbound,
                                     WebhookHandshake::Sender sender);

/// What signs the answers of handshakes that need it.
struct AnswerSigner {
  const WebhookVerification& verification;
  const vault::Credential& credential;  ///< Fits the verification.
};

/// What the handshake is answered. `signer` is null where there is no credential yet. Requires: a
/// signer where the handshake has something to be signed.
/// Errors: `denied` where connectors::sign_challenge() refuses, else `invalid`: the answer cannot
/// be made of this request.
Result<http::Response> answer_of(const WebhookHandshake& handshake, const WebhookScheme& scheme,
                                 const AnswerSigner* signer, const connectors::Inbound& inbound);

/// The secret that the request offers. Requires: the handshake of an unsettled sender. Errors
/// (`invalid`): what it offers is no text.
Result<vault::Secret> offered_secret(const WebhookHandshake& handshake, const WebhookScheme& scheme,
                                     const connectors::Inbound& inbound);

}  // namespace tba::triggers
