#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/vault/credentials.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// The headers of an inbound request as they came; names in any case.
using Headers = std::span<const std::pair<std::string, std::string>>;

/// Whether the credential can check what the connector's webhooks send. The error (`invalid`) says
/// why not: it belongs to another connector, or is no webhook's secret.
Result<> check_for_webhooks(const vault::Credential& credential, const Connector& connector);

/// An HMAC-SHA256.
using Signature = std::array<unsigned char, 32>;

/// The signature that the headers give, whatever it is worth. The error (`denied`) says whether its
/// header is missing, there twice or malformed: fit for the record of the rejection.
Result<Signature> given_signature(const WebhookScheme& scheme, Headers headers);

/// Checks that whoever sent `body` knows `secret`: HMAC-SHA256 (RFC 2104) over the raw bytes, in
/// hexadecimal, in the header that `scheme` names. Takes the same time wherever the signatures
/// differ. Errors (`denied`): those of given_signature(), and that it does not match.
Result<> verify_webhook(const WebhookScheme& scheme, Headers headers, std::string_view body,
                        std::string_view secret);

/// What happened: the event header's value and, behind a dot, the member of the body that refines
/// it where that is a string ("issues.opened", "push"). Empty where the scheme names no event
/// header. Errors (`invalid`): the header is missing or empty; the event is longer than 200 bytes.
Result<std::string> webhook_event(const WebhookScheme& scheme, Headers headers, const Value& body);

/// The sender's id of this delivery; empty where there is none, which is then not deduplicated.
std::string delivery_id(const WebhookScheme& scheme, Headers headers);

/// The headers as the inbox keeps and shows them: a JSON object with lower-case names, values of
/// one name joined with ", " (RFC 9110 section 5.3). Left out is what proves who is calling:
/// `Authorization`, `Proxy-Authorization`, `Cookie`, the scheme's signature header (`scheme` may be
/// null), and every name that speaks of a signature, token, secret or key.
std::string kept_headers_json(const WebhookScheme* scheme, Headers headers);

}  // namespace tba::connectors
