#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/connectors/inbound_headers.h"
#include "shared/error.h"
#include "shared/value/value.h"
#include "shared/webhook_scheme.h"

namespace tba::connectors {

/// A request to a webhook, as far as its connector says what it means. Parts live elsewhere.
struct Inbound {
  std::string_view method;
  const Value& query;
  Headers headers;
  const Value& body;
};

/// What the expressions of a webhook scheme read: `{method, query, headers, body}`, the headers
/// being kept_headers().
Value as_value(const WebhookScheme& scheme, const Inbound& inbound);

/// What the delivery stands for, where its scheme knows its body for what wraps it; nothing where
/// it is what it is. Errors (`invalid`): what the scheme says cannot be evaluated.
Result<std::optional<Value>> unwrapped_body(const WebhookScheme& scheme, const Inbound& inbound);

/// The status of an answer without a body to a delivery that was stored; nothing where the answer
/// is 202 and tells of its runs. Where the scheme's expression gives none, it is 202 all the same.
std::optional<int> bare_status(const WebhookScheme& scheme, const Inbound& inbound);

/// What happened: what the event's header holds or its expression gives and, behind a dot, the
/// member of the body that refines it where that is a string ("issues.opened", "push"). Empty where
/// the scheme names no event, or its expression gives null. Errors (`invalid`): the header is
/// missing or empty; the expression gives no text or cannot be evaluated; the event is longer than
/// 200 bytes.
Result<std::string> webhook_event(const WebhookScheme& scheme, const Inbound& inbound);

/// The sender's id of this delivery, text or a number; empty where there is none, which is then not
/// deduplicated.
std::string delivery_id(const WebhookScheme& scheme, const Inbound& inbound);

/// The headers as the inbox keeps and shows them: an object with lower-case names, values of one
/// name joined with ", " (RFC 9110 section 5.3). Left out is what proves who is calling:
/// `Authorization`, `Proxy-Authorization`, `Cookie`, the headers of the scheme's signatures
/// (`scheme` may be null), and every name that speaks of a signature, token, secret or key.
Value kept_headers(const WebhookScheme* scheme, Headers headers);

}  // namespace tba::connectors
