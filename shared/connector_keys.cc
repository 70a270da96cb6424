#include "shared/connector_keys.h"

#include <array>

#include "shared/connector.h"

namespace tba {
namespace {

constexpr std::array kIdempotencyKeys{
    Key{.name = "header",
        .is_required = true,
        .description = "the header in which it takes idempotency keys"},
    Key{.name = "lifetime",
        .type = KeyType::duration,
        .description = "for how long it knows a key again; for ever if not given"},
};
constexpr KeyTable kIdempotencyTable{"idempotency", "the idempotency", kIdempotencyKeys};

constexpr std::array kConnectorKeys{
    Key{.name = "connector",
        .type = KeyType::name,
        .is_required = true,
        .description = "the name that workflows call it by"},
    Key{.name = "title", .description = "the name of the API"},
    Key{.name = "base_url",
        .description = "what all paths are below; a credential may give another, and must where "
                       "this is left out"},
    Key{.name = "auth",
        .type = KeyType::table_map,
        .description = "the kinds of credentials it takes, by name",
        .table = &kAuthTable},
    Key{.name = "headers", .type = KeyType::text_map, .description = "headers of every request"},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what a failed call is tried again for, where a workflow says nothing",
        .table = &kRetryTable},
    Key{.name = "idempotency",
        .type = KeyType::table,
        .description = "how the API tells that a request came before",
        .table = &kIdempotencyTable},
    Key{.name = "revalidate",
        .type = KeyType::boolean,
        .description = "whether the answers of its GETs are kept, and the API only asked whether "
                       "they have changed; false if not given"},
    Key{.name = "fresh_for",
        .type = KeyType::duration,
        .description = "for how long the answers of its GETs are used again without asking; not at "
                       "all if not given"},
    Key{.name = "rate_limits",
        .type = KeyType::table_map,
        .description = "how often the API lets itself be asked, by names of the limits",
        .table = &kRateLimitTable},
    Key{.name = "error",
        .type = KeyType::table,
        .description = "how an answer tells of a failure, beside its status",
        .table = &kAnswerErrorTable},
    Key{.name = "output",
        .type = KeyType::templated,
        .description = "an expression on .status, .headers and .body: what a step has for its "
                       "body, in the place of the answer's"},
    Key{.name = "pagination",
        .type = KeyType::table,
        .description = "how lists are asked for page by page: of GET endpoints that have its "
                       "`parameter`, and none of their own",
        .table = &kPaginationTable},
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

}  // namespace

constinit const KeyTable kConnectorTable{"connector", "a connector", kConnectorKeys};

}  // namespace tba
