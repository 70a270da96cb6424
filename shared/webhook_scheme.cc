#include "shared/webhook_scheme.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "shared/answer_rules.h"
#include "shared/header_name.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

constexpr std::array kSources{"header"sv, "body"sv};

constexpr std::array kEventKeys{
    Key{.name = "header", .description = "the header that names the event"},
    Key{.name = "body",
        .type = KeyType::templated,
        .description = "an expression on .method, .query, .headers and .body that names it"},
    Key{.name = "action",
        .description =
            "the member of the body, such as .action, that is joined to the event's name "
            "after a dot"},
};
constexpr KeyTable kEventTable{"event", "the event", kEventKeys, kSources};

constexpr std::array kDeliveryIdKeys{
    Key{.name = "header",
        .description = "the header of the sender's id of a delivery; each is taken once"},
    Key{.name = "body",
        .type = KeyType::templated,
        .description = "an expression on .method, .query, .headers and .body that gives it"},
};
constexpr KeyTable kDeliveryIdTable{"delivery_id", "the delivery id", kDeliveryIdKeys, kSources};

constexpr std::array kWebhookKeys{
    Key{.name = "verify",
        .type = KeyType::table_or_list,
        .is_required = true,
        .description = "how a delivery proves where it comes from; a list where that depends on "
                       "the credential",
        .table = &kVerifyTable},
    Key{.name = "body",
        .type = KeyType::templated,
        .description = "an expression on .method, .query, .headers and .body: what a delivery "
                       "stands for whose body wraps it; null for what it is"},
    Key{.name = "handshakes",
        .type = KeyType::table_list,
        .description = "requests that are answered and start no run",
        .table = &kHandshakeTable},
    Key{.name = "event",
        .type = KeyType::table,
        .description = "where a delivery says what happened",
        .table = &kEventTable},
    Key{.name = "delivery_id",
        .type = KeyType::table,
        .description = "where a delivery carries its id",
        .table = &kDeliveryIdTable},
    Key{.name = "accepted_status",
        .type = KeyType::templated,
        .description = "what a delivery that was stored is answered, from 200 to 299, or an "
                       "expression on the same that gives it, then without a body; 202 if not "
                       "given, which tells of its runs"},
    Key{.name = "events",
        .type = KeyType::shape_map,
        .description = "what is known of the bodies of deliveries, by event"},
};

std::string read_action(const Fields& fields) {
  const auto* node = fields.find("action");
  if (node == nullptr) return {};
  if (!node->text.starts_with('.') || !is_name(std::string_view(node->text).substr(1))) {
    node->error(fields.diagnostics(),
                fmt::format("'{}' does not name a member of the body", node->text),
                "a dot and a name: .action");
    return {};
  }
  return node->text.substr(1);
}

WebhookScheme::Source read_source(const Fields& fields) {
  WebhookScheme::Source source;
  if (fields.has("header")) source.header = header_name(fields, "header");
  if (const auto* body = fields.find("body"))
    source.body = read_plain_program(*body, fields.diagnostics());
  return source;
}

/// The status, which is said or is what an expression gives.
void read_accepted_status(const Fields& fields, WebhookScheme& webhook) {
  const auto* node = fields.find("accepted_status");
  if (node == nullptr) return;
  const std::string_view text = node->text;
  if (text.starts_with("${{")) {
    webhook.accepted_by = read_plain_program(*node, fields.diagnostics());
  } else if (text.size() == 3 && text.front() == '2' &&
             text.find_first_not_of("0123456789") == std::string_view::npos) {
    webhook.accepted_status = 200 + 10 * (text[1] - '0') + (text[2] - '0');
  } else {
    node->error(fields.diagnostics(),
                "'accepted_status' must be an integer from 200 to 299, or an expression");
  }
}

/// Who answers with a signature must have one to give.
void check_signing(const Fields& fields, const WebhookScheme& webhook) {
  const bool can_sign = std::ranges::all_of(webhook.verifications, &WebhookVerification::is_hmac);
  for (const auto* handshake : fields.tables("handshakes")) {
    if (const auto* sign = can_sign ? nullptr : handshake->find("sign"))
      sign->error(fields.diagnostics(), "only what is verified by an HMAC can be signed");
  }
}

/// The auth scheme whose credentials have the secrets that handshakes offer; empty where none does.
std::string read_offered_auth(const Fields& fields, std::span<const AuthScheme> auth) {
  const yaml::Node* offer = nullptr;
  for (const auto* handshake : fields.tables("handshakes")) {
    if (const auto* offers = handshake->find("offers_secret")) offer = offers;
  }
  if (offer == nullptr) return {};
  const auto is_fitting = [](const AuthScheme& scheme) {
    return scheme.type == AuthScheme::Type::webhook_secret;
  };
  const auto fitting = std::ranges::find_if(auth, is_fitting);
  if (fitting != auth.end() && std::ranges::count_if(auth, is_fitting) == 1) return fitting->name;
  offer->error(fields.diagnostics(),
               "nothing says of which auth scheme a secret is that is offered",
               "the connector has to have one of type webhook_secret, and no other");
  return {};
}

}  // namespace

constinit const KeyTable kWebhookTable{"webhook", "the webhook", kWebhookKeys};

const WebhookVerification* WebhookScheme::verification_by(std::string_view auth_scheme) const {
  const auto found = std::ranges::find_if(verifications, [&](const auto& verification) {
    return verification.auth.empty() || verification.auth == auth_scheme;
  });
  return found != verifications.end() ? &*found : nullptr;
}

Shape WebhookScheme::payload_of(std::string_view event_name) const {
  for (const auto name : {event_name, event_name.substr(0, event_name.find('.'))}) {
    const auto found = std::find_if(events.begin(), events.end(),
                                    [&](const auto& known) { return known.first == name; });
    if (found != events.end()) return found->second;
  }
  return {};
}

WebhookScheme read_webhook_scheme(const yaml::Node& node, std::span<const AuthScheme> auth,
                                  Diagnostics& diagnostics) {
  WebhookScheme webhook;
  const Fields fields(node, kWebhookTable, diagnostics);
  webhook.verifications = read_verifications(fields.tables("verify"), auth, diagnostics);
  if (const auto* body = fields.find("body")) webhook.body = read_plain_program(*body, diagnostics);
  for (const auto* handshake : fields.tables("handshakes"))
    webhook.handshakes.push_back(read_handshake(*handshake, diagnostics));
  webhook.offered_auth = read_offered_auth(fields, auth);
  check_signing(fields, webhook);
  if (const auto* event = fields.find("event")) {
    const Fields keys(*event, kEventTable, diagnostics);
    webhook.event = read_source(keys);
    webhook.action_key = read_action(keys);
  }
  if (const auto* id = fields.find("delivery_id"))
    webhook.delivery_id = read_source(Fields(*id, kDeliveryIdTable, diagnostics));
  read_accepted_status(fields, webhook);
  if (const auto* events = fields.find("events")) {
    for (const auto& [name, shape] : events->members)
      webhook.events.emplace_back(name->text, read_shape(*shape, diagnostics));
  }
  if (!webhook.events.empty() && !fields.has("event")) {
    fields.key("events")->error(diagnostics, "a delivery does not say what event it is of",
                                "say in `event:` where its name is");
  }
  return webhook;
}

}  // namespace tba
