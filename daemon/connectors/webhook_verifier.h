#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/connectors/inbound_headers.h"
#include "daemon/vault/credentials.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/error.h"

namespace tba::connectors {

/// Whether the credential can check what the connector's webhooks send. The error (`invalid`) says
/// why not: it belongs to another connector, is no webhook's secret, or none of the right form.
Result<> check_for_webhooks(const vault::Credential& credential, const Connector& connector);

/// What the headers of a delivery give to be verified by, whatever it is worth.
struct GivenProof {
  std::vector<std::string> signatures;  ///< Decoded; at least one.
  std::string_view timestamp;           ///< As it stands in its header; empty where none is signed.
  std::string_view id;                  ///< Likewise.
};

/// Reads the headers. The error (`denied`) says which is missing, there twice or malformed, or by
/// how much the timestamp is off: fit for the record of the rejection.
Result<GivenProof> given_proof(const WebhookVerification& verification, Headers headers,
                               Instant now);

/// Checks that whoever sent `body` knows the credential's secret, over the raw bytes. Takes the
/// same time wherever signatures differ. Requires: check_for_webhooks(). Errors (`denied`): those
/// of given_proof(), and that nothing that is given is right.
Result<> verify_webhook(const WebhookVerification& verification, Headers headers,
                        std::string_view body, const vault::Credential& credential, Instant now);

/// The HMAC of `text` as a handshake's answer holds it, in the encoding of the signatures. Whoever
/// asks for one is unknown and what it gives is as good as a signature, so it is made only of what
/// can be no delivery: up to 128 letters, digits and `-._~+/=`. Requires: an HMAC's verification.
/// Errors (`denied`): the text is another.
Result<std::string> sign_challenge(const WebhookVerification& verification, std::string_view text,
                                   const vault::Credential& credential);

}  // namespace tba::connectors
