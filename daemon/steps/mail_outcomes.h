#pragma once

#include <string>
#include <string_view>

#include "daemon/connectors/mail_builder.h"
#include "daemon/engine/attempt.h"
#include "daemon/net/mail_client.h"
#include "daemon/steps/outcomes.h"

namespace tba::steps {

/// What a mail server's last word means for its step. The result is {status, headers, body} as that
/// of an API's answer, whose status is the one of HTTP that it is as good as: 200; 401 where the
/// login is refused, 422 where anything else is, 503 where the server asks to come later (its codes
/// below 500). The body has the server's `code` and `answer`; of a message that was taken also its
/// `message_id`, and whom it was `accepted` for.
///
/// A server that refuses has taken nothing; one that says nothing after the end of a message may
/// have. `what` names the call in messages.
engine::AttemptOutcome outcome_of(const net::MailResult& result, const connectors::MailDraft& draft,
                                  std::string_view what);

/// What the exchange says of the server.
HostHealth host_health(const net::MailResult& result);

/// What the server said, for a log: "it answered 421".
std::string answer_text(const net::MailResult& result);

}  // namespace tba::steps
