#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/key_table.h"
#include "shared/shape.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How a webhook of this API is checked and understood.
struct WebhookScheme {
  std::string signature_header;  ///< Of hmac_sha256, in hex.
  std::string signature_prefix;  ///< "sha256="
  std::string event_header;      ///< Or empty.
  std::string
      action_key;  ///< Member of the body that, after a dot, is joined to the event; or empty.
  std::string delivery_id_header;
  std::vector<std::pair<std::string, Shape>> events;  ///< What those that are known bring.

  /// The form of the payload of that event. What is known of "issues" holds for "issues.opened"
  /// too, where nothing else is.
  Shape payload_of(std::string_view event) const;
};

/// The keys of a connector's `webhook`.
extern const KeyTable kWebhookTable;

/// The scheme that a `webhook` describes.
WebhookScheme read_webhook_scheme(const yaml::Node& node, Diagnostics& diagnostics);

}  // namespace tba
