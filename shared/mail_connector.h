#pragma once

#include <array>
#include <string_view>

#include "shared/auth_scheme.h"
#include "shared/diagnostic.h"
#include "shared/endpoint.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// The parameters that an endpoint which sends mail may have: each is a part of the message.
inline constexpr std::array<std::string_view, 12> kMailParameters{
    "from", "to",   "cc",      "bcc",         "reply_to",    "subject",
    "text", "html", "headers", "attachments", "in_reply_to", "references"};

/// The keys of a connector file that says `protocol: smtp`.
extern const KeyTable kMailConnectorTable;

/// The endpoint of that id that a node of such a file describes: one without a request.
Endpoint read_mail_endpoint(const yaml::Node& id, const yaml::Node& node, Diagnostics& diagnostics);

/// Adds what credentials of the scheme have for mail, or an error where a mail server knows no such
/// scheme. `node` describes it.
void adapt_to_mail(AuthScheme& scheme, const yaml::Node& node, Diagnostics& diagnostics);

}  // namespace tba
