#include "shared/mail_connector.h"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "shared/name_table.h"
#include "shared/suggestion.h"

namespace tba {
namespace {

using namespace std::string_view_literals;
using Type = AuthScheme::Type;

constexpr NameTable<MailAction, 2> kActions{{{
    {MailAction::send, "send"},
    {MailAction::check, "check"},
}}};
constexpr auto kActionNames = kActions.names();

constexpr std::array kProtocols{"smtp"sv};
constexpr std::array kEffects{"repeat"sv, "once"sv};

constexpr std::array kEndpointKeys{
    Key{.name = "title", .description = "what it does, in a few words"},
    Key{.name = "description", .description = "what else there is to know"},
    Key{.name = "mail",
        .type = KeyType::choice,
        .is_required = true,
        .description = "send: hand a message to the server; check: log in, and send nothing",
        .choices = kActionNames},
    Key{.name = "parameters",
        .type = KeyType::table_map,
        .description = "what a call gives in `with`, of: from, to, cc, bcc, reply_to, subject, "
                       "text, html, headers, attachments, in_reply_to, references",
        .table = &kValueParameterTable},
    Key{.name = "effect",
        .type = KeyType::choice,
        .description = "what may be done when it is not known whether a message was taken: repeat "
                       "it; once, if not given: ask somebody",
        .choices = kEffects},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what a failed call is tried again for, in the place of the connector's",
        .table = &kRetryTable},
    Key{.name = "response",
        .type = KeyType::shape,
        .description = "what is known of the body that a step has"},
};
constexpr KeyTable kEndpointTableOfMail{"mail_endpoint", "an endpoint", kEndpointKeys};

constexpr std::array kConnectorKeys{
    Key{.name = "connector",
        .type = KeyType::name,
        .is_required = true,
        .description = "the name that workflows call it by"},
    Key{.name = "protocol",
        .type = KeyType::choice,
        .is_required = true,
        .description = "what is spoken, where that is not HTTP: smtp",
        .choices = kProtocols},
    Key{.name = "title", .description = "what it is, in a few words"},
    Key{.name = "base_url",
        .description = "the mail server: smtps://host, or smtp://host:587; a credential may give "
                       "another, and must give one where there is none here"},
    Key{.name = "auth",
        .type = KeyType::table_map,
        .description = "the kinds of credentials it takes, by name, of the types basic, oauth2 "
                       "and none",
        .table = &kAuthTable},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what a failed call is tried again for, where a workflow says nothing",
        .table = &kRetryTable},
    Key{.name = "rate_limits",
        .type = KeyType::table_map,
        .description = "how much mail the server takes, by names of the limits",
        .table = &kRateLimitTable},
    Key{.name = "test", .description = "the endpoint that tells whether a credential works"},
    Key{.name = "endpoints",
        .type = KeyType::table_map,
        .is_required = true,
        .description = "what it does, by id",
        .table = &kEndpointTableOfMail},
};

void check_parameter(const yaml::Node& name, MailAction action, Diagnostics& diagnostics) {
  if (action == MailAction::check)
    return name.error(diagnostics, "an endpoint with `mail: check` takes no parameters");
  if (std::ranges::find(kMailParameters, name.text) != kMailParameters.end()) return;
  const std::vector<std::string> known(kMailParameters.begin(), kMailParameters.end());
  name.error(diagnostics, fmt::format("'{}' is no part of a message{}", name.text,
                                      did_you_mean(name.text, known)));
}

}  // namespace

constinit const KeyTable kMailConnectorTable{"mail_connector", "a connector", kConnectorKeys};

Endpoint read_mail_endpoint(const yaml::Node& id, const yaml::Node& node,
                            Diagnostics& diagnostics) {
  const Fields fields(node, kEndpointTableOfMail, diagnostics);
  Endpoint endpoint;
  endpoint.id = id.text;
  endpoint.title = fields.text("title", id.text);
  endpoint.description = fields.text("description");
  const auto action = kActions.value_of(fields.text("mail")).value_or(MailAction::send);
  endpoint.mail = action;
  const auto usual = action == MailAction::send ? Effect::once : Effect::repeat;
  endpoint.effect = effect_named(fields.text("effect")).value_or(usual);
  if (const auto* retry = fields.find("retry"))
    endpoint.retry = read_retry(*retry, kRetryTable, diagnostics);
  if (const auto* response = fields.find("response"))
    endpoint.response = read_shape(*response, diagnostics);
  if (const auto* parameters = fields.find("parameters")) {
    for (const auto& [name, parameter] : parameters->members) {
      check_parameter(*name, action, diagnostics);
      endpoint.parameters.push_back(
          read_parameter(*name, *parameter, diagnostics, kValueParameterTable));
    }
  }
  return endpoint;
}

void adapt_to_mail(AuthScheme& scheme, const yaml::Node& node, Diagnostics& diagnostics) {
  if (scheme.type != Type::basic && scheme.type != Type::oauth2 && scheme.type != Type::none) {
    node.find("type")->error(
        diagnostics,
        fmt::format("a mail server knows nothing of the type {}", name_of(scheme.type)),
        "one of: basic, oauth2, none");
  }
  if (!scheme.headers.empty())
    node.find("headers")->error(diagnostics, "a login at a mail server has no headers");
  scheme.is_for_mail = true;
}

}  // namespace tba
