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
using expression::Surroundings;
using storage::Failure;

/// Longer waits than this are not believed.
constexpr std::chrono::hours kLongestWait{366 * 24};
constexpr std::size_t kLongestMessage = 500;

/// The rules of an API, and its answer.
struct Reading {
  const AnswerRules& rules;
  const Value& answer;
  const Surroundings& surroundings;

  Value value(const std::optional<expression::Program>& rule) const {
    return value_or_null(rule, answer, surroundings);
  }
  bool says(const std::optional<expression::Program>& rule) const {
    return holds(rule, answer, surroundings);
  }
};

std::string message_of(const Reading& reading) {
  const auto value = reading.value(reading.rules.failure.message);
  if (value.is_null()) return {};
  auto text = value.is_string() ? std::string(value.as_string()) : to_json(value);
  return shortened(std::move(text), kLongestMessage);
}

std::optional<std::chrono::milliseconds> wait_of(const Reading& reading) {
  const auto value = reading.value(reading.rules.failure.retry_after);
  if (!value.is_number()) return std::nullopt;
  const std::chrono::duration<double> wait(value.as_number());
  if (!(wait.count() >= 0)) return std::nullopt;
  if (wait > kLongestWait) return kLongestWait;
  return std::chrono::ceil<std::chrono::milliseconds>(wait);
}

void apply_failure(const Reading& reading, AttemptOutcome& outcome, std::string_view what) {
  const auto message = message_of(reading);
  if (!outcome.failure) {
    outcome.failure = Failure{
        "api",
        fmt::format("{}: {}", what, message.empty() ? "the API tells of a failure" : message), ""};
  } else if (!message.empty()) {
    outcome.failure->message += ": " + message;
  }
  outcome.is_final = reading.says(reading.rules.failure.final);
  if (reading.says(reading.rules.failure.limited)) {
    outcome.http_status = 429;
    outcome.certainly_not_acted = true;
  }
  if (const auto wait = wait_of(reading)) outcome.retry_after = wait;
}

}  // namespace

AttemptOutcome by_rules(const AnswerRules& rules, AttemptOutcome outcome, std::string_view what,
                        const Surroundings& surroundings) {
  const auto answer = outcome.result;
  if (answer.is_null()) return outcome;
  const Reading reading{rules, answer, surroundings};
  if (outcome.failure || reading.says(rules.failure.when)) {
    apply_failure(reading, outcome, what);
    return outcome;
  }
  if (!rules.output) return outcome;
  auto body = connectors::evaluate(*rules.output, answer, surroundings);
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
