#include "shared/rate_limit.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "shared/answer_rules.h"
#include "shared/header_name.h"
#include "shared/lower_case.h"
#include "shared/name_table.h"

namespace tba {
namespace {

constexpr NameTable<RateLimit::Reset, 5> kResets{{{
    {RateLimit::Reset::epoch, "epoch"},
    {RateLimit::Reset::epoch_millis, "epoch_millis"},
    {RateLimit::Reset::seconds, "seconds"},
    {RateLimit::Reset::duration, "duration"},
    {RateLimit::Reset::rfc3339, "rfc3339"},
}}};
constexpr auto kResetNames = kResets.names();

constexpr NameTable<RateLimit::Scope, 2> kScopes{{{
    {RateLimit::Scope::credential, "credential"},
    {RateLimit::Scope::endpoint, "endpoint"},
}}};
constexpr auto kScopeNames = kScopes.names();

constexpr std::array kHeaderKeys{
    Key{.name = "limit", .description = "how many requests there are in all"},
    Key{.name = "remaining", .description = "how many are left"},
    Key{.name = "reset", .description = "when the count begins anew"},
    Key{.name = "bucket",
        .description = "the name of the count; endpoints that answer with the same one share it"},
};
constexpr KeyTable kHeaderTable{"rate_limit_headers", "the headers of a limit", kHeaderKeys};

constexpr std::array kLimitKeys{
    Key{.name = "requests",
        .type = KeyType::integer,
        .description = "how many there may be in each `per`, as far as that is known beforehand",
        .minimum = 1,
        .maximum = 1'000'000'000},
    Key{.name = "per", .type = KeyType::duration, .description = "the time that `requests` is for"},
    Key{.name = "by",
        .type = KeyType::choice_list,
        .description = "what has a count of its own: each credential, each endpoint; one for the "
                       "whole API if not given",
        .choices = kScopeNames},
    Key{.name = "parameters",
        .type = KeyType::text_list,
        .description = "parameters each of whose values has a count of its own, in calls that have "
                       "them"},
    Key{.name = "only_where_named",
        .type = KeyType::boolean,
        .description = "whether it counts only calls of endpoints whose `rate_limits` name it; "
                       "false if not given"},
    Key{.name = "headers",
        .type = KeyType::table,
        .description = "the headers in which an answer tells of the count",
        .table = &kHeaderTable},
    Key{.name = "reset",
        .type = KeyType::choice,
        .description = "what the reset header holds: epoch (seconds since 1970; if not given), "
                       "epoch_millis, seconds (from now), duration (6m0s), rfc3339",
        .choices = kResetNames},
    Key{.name = "blamed_when",
        .type = KeyType::templated,
        .description = "an expression on .status, .headers and .body of an answer that asks to "
                       "come later: whether this limit is why; true if not given"},
};

// Names are compared in lower case, as answers have them.
std::string lower_header_name(const Fields& fields, std::string_view key) {
  return lower_case(header_name(fields, key));
}

void read_headers(const yaml::Node& node, RateLimit& limit, Diagnostics& diagnostics) {
  const Fields fields(node, kHeaderTable, diagnostics);
  limit.limit_header = lower_header_name(fields, "limit");
  limit.remaining_header = lower_header_name(fields, "remaining");
  limit.reset_header = lower_header_name(fields, "reset");
  limit.bucket_header = lower_header_name(fields, "bucket");
}

void check(const yaml::Node& name, const Fields& fields, const RateLimit& limit) {
  auto& diagnostics = fields.diagnostics();
  if (fields.has("requests") != fields.has("per")) {
    name.error(diagnostics,
               fmt::format("the limit '{}' needs both `requests` and `per`", name.text));
  }
  if (limit.remaining_header.empty() != limit.reset_header.empty()) {
    name.error(diagnostics,
               fmt::format("the limit '{}' needs the headers `remaining` and `reset`, or none of "
                           "them",
                           name.text));
  }
}

}  // namespace

constinit const KeyTable kRateLimitTable{"rate_limit", "a limit", kLimitKeys};

RateLimit read_rate_limit(const yaml::Node& name, const yaml::Node& node,
                          Diagnostics& diagnostics) {
  const Fields fields(node, kRateLimitTable, diagnostics);
  RateLimit limit;
  limit.name = name.text;
  limit.requests = fields.integer("requests", 0);
  limit.per = fields.duration("per").value_or(std::chrono::milliseconds(0));
  for (const auto& scope : fields.texts("by")) limit.by.push_back(*kScopes.value_of(scope));
  std::ranges::sort(limit.by);
  limit.parameters = fields.texts("parameters");
  limit.only_where_named = fields.boolean("only_where_named", false);
  if (const auto* headers = fields.find("headers")) read_headers(*headers, limit, diagnostics);
  limit.reset = kResets.value_of(fields.text("reset")).value_or(RateLimit::Reset::epoch);
  if (const auto* blamed = fields.find("blamed_when"))
    limit.blamed_when = read_plain_program(*blamed, diagnostics);
  check(name, fields, limit);
  return limit;
}

}  // namespace tba
