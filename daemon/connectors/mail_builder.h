#pragma once

#include <string>
#include <string_view>

#include "daemon/net/mail_client.h"
#include "daemon/vault/credentials.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// A call of a mail server, ready to be made.
struct MailDraft {
  net::MailRequest request;
  std::string message_id;  ///< Of the message, if there is one.
};

/// What a message is marked with.
struct MailMark {
  /// What makes its id: the same key gives the same, so that a message which is sent again is known
  /// as such. Never shown.
  std::string key;
  Instant now;
};

/// What calling `endpoint` of `connector`, which sends mail, with `parameters`, an object or null,
/// asks of the mail server. `credential`, or null, says which server where it has a base URL, and
/// who logs in; the sender is the parameter `from`, else the credential's field `from`, else its
/// user name where that is an address.
///
/// The request may hold the credential's secrets: it may be sent, never shown. Errors (`invalid`):
/// a parameter that is unknown, missing or of another type, or that cannot stand in a message;
/// nobody to send it to, or from; no server; a credential of another connector.
Result<MailDraft> build_mail(const Connector& connector, const Endpoint& endpoint,
                             const Value& parameters, const vault::Credential* credential,
                             const MailMark& mark);

}  // namespace tba::connectors
