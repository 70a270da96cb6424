#include "shared/retry_policy.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "shared/suggestion.h"

namespace tba {
namespace {

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
