#include "daemon/steps/answers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "daemon/connectors/answer_program.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::steps {
namespace {

using connectors::holds;
using connectors::value_or_null;
using engine::AttemptOutcome;
using storage::Failure;

/// Longer waits than this are not believed.
constexpr std::chrono::hours kLongestWait{366 * 24};
constexpr std::size_t kLongestMessage = 500;

std::string message_of(const AnswerRules::Failure& rules, const Value& answer) {
  const auto value = value_or_null(rules.message, answer);
  if (value.is_null()) return {};
  auto text = value.is_string() ? std::string(value.as_string()) : to_json(value);
  return shortened(std::move(text), kLongestMessage);
}

std::optional<std::chrono::milliseconds> wait_of(const AnswerRules::Failure& rules,
                                                 const Value& answer) {
  const auto value = value_or_null(rules.retry_after, answer);
  if (!value.is_number()) return std::nullopt;
  const std::chrono::duration<double> wait(value.as_number());
  if (!(wait.count() >= 0)) return std::nullopt;
  if (wait > kLongestWait) return kLongestWait;
  return std::chrono::ceil<std::chrono::milliseconds>(wait);
}

void apply_failure(const AnswerRules::Failure& rules, AttemptOutcome& outcome,
                   std::string_view what) {
  const auto& answer = outcome.result;
  const auto message = message_of(rules, answer);
  if (!outcome.failure) {
    outcome.failure = Failure{
        "api",
        fmt::format("{}: {}", what, message.empty() ? "the API tells of a failure" : message), ""};
  } else if (!message.empty()) {
    outcome.failure->message += ": " + message;
  }
  outcome.is_final = holds(rules.final, answer);
  if (holds(rules.limited, answer)) {
    outcome.http_status = 429;
    outcome.certainly_not_acted = true;
  }
  if (const auto wait = wait_of(rules, answer)) outcome.retry_after = wait;
}

}  // namespace

AttemptOutcome by_rules(const AnswerRules& rules, AttemptOutcome outcome, std::string_view what) {
  if (outcome.result.is_null()) return outcome;
  if (outcome.failure || holds(rules.failure.when, outcome.result)) {
    apply_failure(rules.failure, outcome, what);
    return outcome;
  }
  if (!rules.output) return outcome;
  auto body = connectors::evaluate(*rules.output, outcome.result);
  if (body) {
    outcome.result = std::move(outcome.result).with_member("body", *std::move(body));
  } else {
    outcome.failure =
        Failure{"response",
                fmt::format("{}: the connector's `output` does not fit the answer: {}", what,
                            body.error().message),
                ""};
  }
  return outcome;
}

}  // namespace tba::steps
