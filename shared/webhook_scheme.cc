#include "shared/webhook_scheme.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "shared/header_name.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

constexpr std::array kSignatures{"hmac_sha256"sv};
constexpr std::array kVerifyKeys{
    Key{.name = "scheme",
        .type = KeyType::choice,
        .is_required = true,
        .description = "hmac_sha256: hex of the HMAC-SHA256 of the body under the webhook secret",
        .choices = kSignatures},
    Key{.name = "header", .is_required = true, .description = "the header of the signature"},
    Key{.name = "prefix", .description = "what stands before the signature in its header"},
};
constexpr KeyTable kVerifyTable{"verify", "the verification", kVerifyKeys};

constexpr std::array kEventKeys{
    Key{.name = "header", .is_required = true, .description = "the header that names the event"},
    Key{.name = "action",
        .description =
            "the member of the body, such as .action, that is joined to the event's name "
            "after a dot"},
};
constexpr KeyTable kEventTable{"event", "the event", kEventKeys};

constexpr std::array kDeliveryIdKeys{
    Key{.name = "header",
        .is_required = true,
        .description = "the header of the sender's id of a delivery; each is taken once"},
};
constexpr KeyTable kDeliveryIdTable{"delivery_id", "the delivery id", kDeliveryIdKeys};

constexpr std::array kWebhookKeys{
    Key{.name = "verify",
        .type = KeyType::table,
        .is_required = true,
        .description = "how a delivery proves where it comes from",
        .table = &kVerifyTable},
    Key{.name = "event",
        .type = KeyType::table,
        .description = "where a delivery says what happened",
        .table = &kEventTable},
    Key{.name = "delivery_id",
        .type = KeyType::table,
        .description = "where a delivery carries its id",
        .table = &kDeliveryIdTable},
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

}  // namespace

constinit const KeyTable kWebhookTable{"webhook", "the webhook", kWebhookKeys};

Shape WebhookScheme::payload_of(std::string_view event) const {
  for (const auto name : {event, event.substr(0, event.find('.'))}) {
    const auto found = std::find_if(events.begin(), events.end(),
                                    [&](const auto& known) { return known.first == name; });
    if (found != events.end()) return found->second;
  }
  return {};
}

WebhookScheme read_webhook_scheme(const yaml::Node& node, Diagnostics& diagnostics) {
  WebhookScheme webhook;
  const Fields fields(node, kWebhookTable, diagnostics);
  if (const auto* verify = fields.find("verify")) {
    const Fields keys(*verify, kVerifyTable, diagnostics);
    webhook.signature_header = header_name(keys, "header");
    webhook.signature_prefix = keys.text("prefix");
  }
  if (const auto* event = fields.find("event")) {
    const Fields keys(*event, kEventTable, diagnostics);
    webhook.event_header = header_name(keys, "header");
    webhook.action_key = read_action(keys);
  }
  if (const auto* id = fields.find("delivery_id")) {
    const Fields keys(*id, kDeliveryIdTable, diagnostics);
    webhook.delivery_id_header = header_name(keys, "header");
  }
  if (const auto* events = fields.find("events")) {
    for (const auto& [name, shape] : events->members)
      webhook.events.emplace_back(name->text, read_shape(*shape, diagnostics));
  }
  if (!webhook.events.empty() && webhook.event_header.empty()) {
    fields.key("events")->error(diagnostics, "a delivery does not say what event it is of",
                                "name the header in `event:`");
  }
  return webhook;
}

}  // namespace tba
