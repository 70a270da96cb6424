#include "daemon/steps/outcomes.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>

#include "daemon/connectors/retry_after.h"
#include "shared/time_format.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::steps {
namespace {

using engine::AttemptOutcome;
using storage::Failure;

bool says_json(const net::HttpResponse& response) {
  const auto* type = response.header("content-type");
  if (!type) return false;
  // Media types are compared without regard to case (RFC 9110 section 8.3.1).
  auto media_type = std::string_view(*type).substr(0, type->find(';'));
  while (media_type.ends_with(' ') || media_type.ends_with('\t')) media_type.remove_suffix(1);
  const auto ends_with = [&](std::string_view suffix) {
    return media_type.size() >= suffix.size() &&
           equal_ignoring_case(media_type.substr(media_type.size() - suffix.size()), suffix);
  };
  return ends_with("/json") || ends_with("+json");
}

Value body_value(const net::HttpResponse& response) {
  if (response.body.empty()) return {};
  if (says_json(response)) {
    if (auto value = parse_json(response.body)) return std::move(*value);
  }
  return Value::string(response.body);
}

/// The last line that says something, for the message of a failed program.
std::string_view last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  const auto line_break = text.rfind('\n');
  return line_break == std::string_view::npos ? text : text.substr(line_break + 1);
}

}  // namespace

Value response_value(const net::HttpResponse& response) {
  ObjectBuilder headers;
  for (const auto& [name, value] : response.headers) {
    const Value* before = headers.find(name);
    headers.put(name,
                Value::string(before ? std::string(before->as_string()) + ", " + value : value));
  }
  return Value::object({{"status", Value::integer(response.status)},
                        {"headers", std::move(headers).build()},
                        {"body", body_value(response)}});
}

AttemptOutcome outcome_of(const net::HttpFailure& failure, std::string_view what) {
  using Kind = net::HttpFailure::Kind;
  const auto kind = [&] {
    switch (failure.kind) {
      case Kind::timeout:
        return "timeout";
      case Kind::invalid:
        return "request";
      case Kind::too_large:
      case Kind::protocol:
        return "response";
      case Kind::cancelled:
        return "cancelled";
      default:
        return "network";
    }
  }();
  AttemptOutcome outcome;
  outcome.failure = Failure{kind, std::string(what) + ": " + failure.message, ""};
  outcome.unknown = failure.sent;
  outcome.certainly_not_acted = !failure.sent;
  return outcome;
}

AttemptOutcome outcome_of(const net::HttpResult& result, std::string_view what, Instant now) {
  if (!result) return outcome_of(result.error(), what);
  AttemptOutcome outcome;
  outcome.result = response_value(*result);
  outcome.http_status = result->status;
  outcome.retry_after = connectors::retry_after(*result, now);
  if (result->status < 400) return outcome;
  outcome.failure =
      Failure{"http_status", std::string(what) + " answered " + std::to_string(result->status), ""};
  outcome.certainly_not_acted = result->status == 429 || result->status == 503;
  return outcome;
}

AttemptOutcome outcome_of(const ProcessResult& result, std::string_view program, bool json_output) {
  AttemptOutcome outcome;
  Value body;
  if (result.signal != 0) {
    outcome.unknown = true;  // how far it had come, nobody knows
    outcome.failure =
        Failure{"signal",
                std::string(program) + " was ended by signal " + std::to_string(result.signal), ""};
  } else if (result.exit_code != 0) {
    std::string message =
        std::string(program) + " ended with exit code " + std::to_string(result.exit_code);
    if (const auto line = last_line(result.err); !line.empty())
      message.append(": ").append(line.substr(0, 200));
    outcome.failure = Failure{"exit_code", std::move(message), ""};
  } else if (json_output) {
    auto value = parse_json(result.out);
    if (value) {
      body = std::move(*value);
    } else {
      outcome.failure = Failure{
          "output",
          "the output of " + std::string(program) + " is no JSON: " + value.error().message, ""};
    }
  }
  outcome.result = Value::object({{"exit_code", Value::integer(result.exit_code)},
                                  {"stdout", Value::string(result.out)},
                                  {"stderr", Value::string(result.err)},
                                  {"body", std::move(body)}});
  return outcome;
}

AttemptOutcome not_attempted(std::string kind, std::string message) {
  AttemptOutcome outcome;
  outcome.failure = Failure{std::move(kind), std::move(message), ""};
  outcome.certainly_not_acted = true;
  return outcome;
}

AttemptOutcome postponed(std::string_view what, Instant turn, Instant now) {
  auto outcome = not_attempted("rate_limit", std::string(what) +
                                                 " has been called as often as its "
                                                 "API allows for now");
  outcome.not_before = turn;
  outcome.retry_after = std::chrono::ceil<std::chrono::milliseconds>(turn - now);
  return outcome;
}

AttemptOutcome left_alone(std::string_view what, const connectors::CircuitBreaker::Refusal& refusal,
                          Instant now) {
  auto outcome = not_attempted(
      "network", fmt::format("{}: {} has not answered since {}, and is left alone for a while",
                             what, refusal.host, format_time(refusal.since)));
  if (!refusal.is_final) outcome.not_before = refusal.turn;
  outcome.retry_after = std::chrono::ceil<std::chrono::milliseconds>(refusal.turn - now);
  return outcome;
}

HostHealth host_health(const net::HttpResult& result) {
  constexpr int kNotImplemented = 501;
  if (result)
    return result->status >= 500 && result->status != kNotImplemented ? HostHealth::bad
                                                                      : HostHealth::good;
  return host_health(result.error());
}

HostHealth host_health(const net::HttpFailure& failure) {
  using Kind = net::HttpFailure::Kind;
  switch (failure.kind) {
    case Kind::too_large:
      return HostHealth::good;
    case Kind::invalid:
    case Kind::cancelled:
    case Kind::stopping:
      return HostHealth::unknown;
    default:
      return HostHealth::bad;
  }
}

bool asks_to_wait(const AttemptOutcome& outcome) {
  if (outcome.is_final) return false;
  return outcome.http_status == 429 || (outcome.http_status == 503 && outcome.retry_after);
}

}  // namespace tba::steps
