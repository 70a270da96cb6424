#pragma once

#include "daemon/net/http_client.h"
#include "daemon/net/mail_client.h"
#include "daemon/vault/live_secrets.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// A request as data that may be shown: {method, url, headers, body, body_bytes}. Every secret that
/// is live is masked, wherever it stands. A body of JSON is its value; any other, or one of more
/// than 64 KiB, is text with U+FFFD for what is no UTF-8, of which at most 16 KiB are shown; none
/// is null. `body_bytes` says how long the body is that would be sent.
Value request_view(net::HttpRequest request, const vault::LiveSecrets& live_secrets);

/// What a mail server is asked for, likewise: `method` is SMTP, the commands that say from whom and
/// for whom a message is stand in the place of headers, and the body is the message.
Value mail_view(net::MailRequest request, const vault::LiveSecrets& live_secrets);

}  // namespace tba::connectors
