#include "daemon/plugins/outcomes.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shared/value/utf8.h"

namespace tba::plugins {
namespace {

using engine::AttemptOutcome;
using storage::Failure;

constexpr std::int64_t kFailed = 500;

Value step_result(std::int64_t status, Value body) {
  return Value::object({{"status", Value::integer(status)},
                        {"headers", Value::object({})},
                        {"body", std::move(body)}});
}

/// Of what a plugin says of a failure, for the failure's own message; its result has all.
constexpr std::size_t kLongestMessage = 500;

/// The status of HTTP that an error is as good as.
std::int64_t status_of(const CallError& error) {
  const auto* status = error.data.find("status");
  const bool is_one =
      status && status->is_integer() && status->as_integer() >= 400 && status->as_integer() <= 599;
  return is_one ? status->as_integer() : kFailed;
}

std::optional<std::chrono::milliseconds> retry_after(const CallError& error) {
  constexpr double kLongest = 366.0 * 24 * 3600;
  const auto* seconds = error.data.find("retry_after");
  if (!seconds || !seconds->is_number() || !(seconds->as_number() >= 0)) return std::nullopt;
  return std::chrono::milliseconds(
      std::llround(std::ceil(std::min(seconds->as_number(), kLongest) * 1000)));
}

AttemptOutcome outcome_of(const CallError& error, std::string_view what, bool was_cancelled) {
  AttemptOutcome outcome;
  const auto status = status_of(error);
  outcome.http_status = static_cast<int>(status);
  outcome.result = step_result(status, Value::object({{"code", Value::integer(error.code)},
                                                      {"message", Value::string(error.message)},
                                                      {"data", error.data}}));
  outcome.failure =
      Failure{"api", fmt::format("{}: {}", what, shortened(error.message, kLongestMessage)), ""};
  outcome.retry_after = retry_after(error);
  const auto* told = error.data.find("may_have_acted");
  if (told && told->is_boolean()) {
    outcome.unknown = told->as_boolean();
    outcome.certainly_not_acted = !told->as_boolean();
  } else {
    outcome.unknown = was_cancelled;
    outcome.certainly_not_acted = !was_cancelled && (status == 429 || status == 503);
  }
  return outcome;
}

}  // namespace

AttemptOutcome outcome_of(const Answer& answer, std::string_view what, bool was_cancelled) {
  if (answer.error) return outcome_of(*answer.error, what, was_cancelled);
  AttemptOutcome outcome;
  const auto* body = answer.result.find("body");
  if (!body) {
    outcome.failure =
        Failure{"response", fmt::format("{}: the result of the program has no body", what), ""};
    return outcome;
  }
  outcome.http_status = 200;
  outcome.result = step_result(200, *body);
  return outcome;
}

AttemptOutcome not_called(std::string kind, std::string message) {
  AttemptOutcome outcome;
  outcome.failure = Failure{std::move(kind), std::move(message), ""};
  outcome.certainly_not_acted = true;
  return outcome;
}

AttemptOutcome left_unanswered(std::string kind, std::string message) {
  AttemptOutcome outcome;
  outcome.failure = Failure{std::move(kind), std::move(message), ""};
  outcome.unknown = true;
  return outcome;
}

}  // namespace tba::plugins
