#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/auth_scheme.h"
#include "shared/diagnostic.h"
#include "shared/expression/program.h"
#include "shared/key_table.h"
#include "shared/shape.h"
#include "shared/webhook_handshake.h"
#include "shared/webhook_verification.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How a webhook of this API is checked and understood. Its programs are of expression::Mode::plain
/// over `{method, query, headers, body}`.
struct WebhookScheme {
  /// Where a delivery says something: in a header, or in what a program makes of it; or nowhere.
  struct Source {
    std::string header;
    std::optional<expression::Program> body;

    bool is_known() const { return !header.empty() || body.has_value(); }
  };

  std::vector<WebhookVerification> verifications;  ///< One, or each of another auth scheme.
  /// What a delivery stands for, where its body wraps it: what this gives takes its place in all
  /// that is read of it, and is what is kept. Null leaves it as it is.
  std::optional<expression::Program> body;
  std::vector<WebhookHandshake> handshakes;
  std::string offered_auth;  ///< The auth scheme of secrets that handshakes offer; or empty.
  Source event;
  std::string
      action_key;  ///< Member of the body that, after a dot, is joined to the event; or empty.
  Source delivery_id;
  /// Of the answer to a delivery that was stored. 202 tells of its runs; any other has no body, nor
  /// has any that `accepted_by` gives.
  int accepted_status = 202;
  std::optional<expression::Program> accepted_by;
  std::vector<std::pair<std::string, Shape>> events;  ///< What those that are known bring.

  /// Whether senders offer the secret themselves, before there is a credential.
  bool offers_secrets() const { return !offered_auth.empty(); }

  /// How a credential of that auth scheme verifies; null where it does not.
  const WebhookVerification* verification_by(std::string_view auth_scheme) const;

  /// The form of the payload of that event. What is known of "issues" holds for "issues.opened"
  /// too, where nothing else is.
  Shape payload_of(std::string_view event_name) const;
};

/// The keys of a connector's `webhook`.
extern const KeyTable kWebhookTable;

/// The scheme that a `webhook` describes. `auth` are the connector's schemes.
WebhookScheme read_webhook_scheme(const yaml::Node& node, std::span<const AuthScheme> auth,
                                  Diagnostics& diagnostics);

}  // namespace tba
