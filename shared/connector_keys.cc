#include "shared/connector_keys.h"

#include <algorithm>
#include <array>

#include "shared/suggestion.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

// The keys of `retry`, all but the last of which are the same everywhere.
constexpr std::array<Key, 6> retry_keys(Key on) {
  return {
      Key{.name = "attempts",
          .type = KeyType::integer,
          .description = "how often to try in all, the first time included; 3 if not given",
          .minimum = 1,
          .maximum = 100},
      Key{.name = "initial",
          .type = KeyType::duration,
          .description = "the pause before the second attempt; 1s if not given"},
      Key{.name = "max",
          .type = KeyType::duration,
          .description = "the longest pause; 1m if not given"},
      Key{.name = "factor",
          .type = KeyType::number,
          .description = "by what the pause grows from attempt to attempt; 2 if not given",
          .minimum = 1,
          .maximum = 100},
      Key{.name = "jitter",
          .type = KeyType::boolean,
          .description = "whether pauses vary at random; true if not given"},
      on,
  };
}

constexpr auto kRetryKeys = retry_keys(
    {.name = "on",
     .type = KeyType::text_or_list,
     .description = "what to try again for: network, timeout, a status such as 429, or 4xx, 5xx; "
                    "[network, timeout, 429, 502, 503, 504] if not given"});
constexpr auto kStepRetryKeys = retry_keys(
    {.name = "on",
     .type = KeyType::templated_list,
     .description = "what to try again for: network, timeout, a status such as 429, or 4xx, 5xx, "
                    "or expressions on .error and .attempt that say so; "
                    "[network, timeout, 429, 502, 503, 504] if not given"});

constexpr std::array kAuthTypes{"bearer"sv, "api_key"sv, "basic"sv, "webhook_secret"sv};
constexpr std::array kAuthPlaces{"header"sv, "query"sv, "path"sv};
constexpr std::array kAuthKeys{
    Key{.name = "type",
        .type = KeyType::choice,
        .is_required = true,
        .description = "how a credential of this scheme proves who is calling",
        .choices = kAuthTypes},
    Key{.name = "in",
        .type = KeyType::choice,
        .description = "where an api_key goes; header if not given",
        .choices = kAuthPlaces},
    Key{.name = "parameter",
        .description = "the header, query parameter or {placeholder} of the paths that an api_key "
                       "goes into"},
    Key{.name = "prefix", .description = "what stands before an api_key, blanks included"},
};
constexpr KeyTable kAuthTable{"auth", "an auth scheme", kAuthKeys};

constexpr std::array kPlaces{"path"sv, "query"sv, "header"sv, "body"sv};
constexpr std::array kParameterKeys{
    Key{.name = "in",
        .type = KeyType::choice,
        .is_required = true,
        .description = "where it goes in the request; body: a member of the JSON object sent",
        .choices = kPlaces},
    Key{.name = "type",
        .type = KeyType::choice,
        .description = "what its value must be; any if not given",
        .choices = kValueTypeNames},
    Key{.name = "required",
        .type = KeyType::boolean,
        .description = "whether a call must give it; false if not given"},
    Key{.name = "default",
        .type = KeyType::literal,
        .description = "its value where a call gives none"},
    Key{.name = "description", .description = "what it means"},
};
constexpr KeyTable kParameterTable{"parameter", "a parameter", kParameterKeys};

constexpr std::array kMethods{"GET"sv,   "HEAD"sv,   "POST"sv,   "PUT"sv,
                              "PATCH"sv, "DELETE"sv, "OPTIONS"sv};
constexpr std::array kEndpointKeys{
    Key{.name = "title", .description = "what it does, in a few words"},
    Key{.name = "method",
        .type = KeyType::choice,
        .is_required = true,
        .description = "the method of the request",
        .choices = kMethods},
    Key{.name = "path",
        .is_required = true,
        .description = "below the base URL, beginning with '/'; {name} stands for a parameter"},
    Key{.name = "parameters",
        .type = KeyType::table_map,
        .description = "what a call gives in `with`",
        .table = &kParameterTable},
    Key{.name = "response",
        .type = KeyType::shape,
        .description = "what is known of the body of an answer"},
};
constexpr KeyTable kEndpointTable{"endpoint", "an endpoint", kEndpointKeys};

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
constexpr KeyTable kWebhookTable{"webhook", "the webhook", kWebhookKeys};

constexpr std::array kConnectorKeys{
    Key{.name = "connector",
        .type = KeyType::name,
        .is_required = true,
        .description = "the name that workflows call it by"},
    Key{.name = "title", .description = "the name of the API"},
    Key{.name = "base_url",
        .is_required = true,
        .description = "what all paths are below; a credential may give another"},
    Key{.name = "auth",
        .type = KeyType::table_map,
        .description = "the kinds of credentials it takes, by name",
        .table = &kAuthTable},
    Key{.name = "headers", .type = KeyType::text_map, .description = "headers of every request"},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what a failed call is tried again for, where a workflow says nothing",
        .table = &kRetryTable},
    Key{.name = "idempotency_header",
        .description = "the header in which the API takes idempotency keys"},
    Key{.name = "test", .description = "the endpoint that tells whether a credential works"},
    Key{.name = "endpoints",
        .type = KeyType::table_map,
        .is_required = true,
        .description = "the operations of the API, by id",
        .table = &kEndpointTable},
    Key{.name = "webhook",
        .type = KeyType::table,
        .description = "how the API's webhooks are checked and understood",
        .table = &kWebhookTable},
};

// "network", "timeout", "429", "4xx": adds to the policy; false for anything else.
bool add_reason(std::string_view reason, RetryPolicy& policy) {
  if (reason == "network") {
    policy.on_network = true;
  } else if (reason == "timeout") {
    policy.on_timeout = true;
  } else if (reason == "4xx" || reason == "5xx") {
    policy.on_statuses.push_back(reason.front() - '0');
  } else if (reason.size() == 3 && (reason[0] == '4' || reason[0] == '5') &&
             reason.find_first_not_of("0123456789") == std::string_view::npos) {
    policy.on_statuses.push_back((reason[0] - '0') * 100 + (reason[1] - '0') * 10 +
                                 (reason[2] - '0'));
  } else {
    return false;
  }
  return true;
}

}  // namespace

constinit const KeyTable kRetryTable{"retry", "a retry policy", kRetryKeys};
constinit const KeyTable kStepRetryTable{"retry", "a retry policy", kStepRetryKeys};
constinit const KeyTable kConnectorTable{"connector", "a connector", kConnectorKeys};

RetryPolicy read_retry(
    const yaml::Node& node, const KeyTable& table, Diagnostics& diagnostics,
    const std::function<expression::Mapping(const yaml::Node&)>& read_expression) {
  const Fields fields(node, table, diagnostics);
  RetryPolicy policy;
  policy.attempts = static_cast<int>(fields.integer("attempts", 3));
  policy.initial = fields.duration("initial").value_or(policy.initial);
  policy.max = fields.duration("max").value_or(std::max(policy.max, policy.initial));
  policy.factor = fields.number("factor", policy.factor);
  policy.jitter = fields.boolean("jitter", policy.jitter);
  if (policy.max < policy.initial) {
    fields.find("max")->error(diagnostics, "the longest pause is shorter than the first");
  }
  const auto* reasons = fields.find("on");
  if (reasons == nullptr) return policy;
  policy.on_network = policy.on_timeout = false;
  policy.on_statuses.clear();
  const auto read = [&](const yaml::Node& reason) {
    if (reason.text.find("${{") != std::string::npos) {
      policy.on_expressions.push_back(read_expression(reason));
    } else if (!add_reason(reason.text, policy)) {
      reason.error(diagnostics,
                   "'" + reason.text + "' is nothing that a call can be tried again for" +
                       did_you_mean(reason.text, {"network", "timeout", "4xx", "5xx"}),
                   "one of: network, timeout, a status from 400 to 599, 4xx, 5xx");
    }
  };
  if (reasons->kind == yaml::Node::Kind::scalar) read(*reasons);
  for (const auto& reason : reasons->items) read(*reason);
  return policy;
}

}  // namespace tba
