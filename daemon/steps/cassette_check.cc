#include "daemon/steps/cassette_check.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/engine/attempt.h"
#include "daemon/steps/cassette_replay.h"
#include "shared/uri.h"

namespace tba::steps {
namespace {

/// What is not as it should be.
class Comparison {
 public:
  void compare(std::string_view at, const Value& expected, const Value& got) {
    if (!(expected == got)) differences_.push_back({std::string(at), expected, got});
  }
  void compare(std::string_view at, const std::optional<std::string>& expected,
               std::string_view got) {
    if (expected) compare(at, Value::string(*expected), Value::string(got));
  }

  std::vector<CassetteDifference> differences() && { return std::move(differences_); }

 private:
  std::vector<CassetteDifference> differences_;
};

const Value& member(const Value& object, std::string_view name) {
  static const Value none{};
  const auto* value = object.find(name);
  return value ? *value : none;
}

void compare_request(const Cassette::Request& expected, const Value& got, Comparison& comparison) {
  comparison.compare("request.method", expected.method, member(got, "method").as_string());
  comparison.compare("request.url", expected.url, member(got, "url").as_string());
  for (const auto& [name, value] : expected.headers) {
    Value sent;
    for (const auto& header : member(got, "headers").members())
      if (equal_ignoring_case(header.name, name)) sent = header.value;
    comparison.compare("request.headers." + name, Value::string(value), sent);
  }
  if (expected.body) comparison.compare("request.body", *expected.body, member(got, "body"));
}

/// A failure that nobody expects, or its absence, is one difference.
void compare_failure(const Cassette& cassette, const engine::AttemptOutcome& outcome,
                     Comparison& comparison) {
  if (!outcome.failure || !cassette.failure) {
    const auto as_value = [](bool fails, std::string_view message) {
      return fails ? Value::string(message) : Value();
    };
    comparison.compare(
        "error", as_value(cassette.failure.has_value(), "a failure"),
        as_value(outcome.failure.has_value(), outcome.failure ? outcome.failure->message : ""));
    return;
  }
  comparison.compare("error.kind", cassette.failure->kind, outcome.failure->kind);
  comparison.compare("error.message", cassette.failure->message, outcome.failure->message);
  if (const auto& wait = cassette.failure->retry_after) {
    using Seconds = std::chrono::duration<double>;
    comparison.compare(
        "error.retry_after", Value::number(*wait),
        outcome.retry_after ? Value::number(Seconds(*outcome.retry_after).count()) : Value());
  }
}

}  // namespace

std::vector<CassetteDifference> check_cassette(const Connector& connector, const Cassette& cassette,
                                               Instant now) {
  Comparison comparison;
  const auto replayed = replay(connector, cassette, now);
  if (!replayed.request.is_null()) compare_request(cassette.request, replayed.request, comparison);
  if (replayed.outcome) {
    const auto& outcome = *replayed.outcome;
    compare_failure(cassette, outcome, comparison);
    if (cassette.result && !outcome.failure)
      comparison.compare("result", *cassette.result, member(outcome.result, "body"));
  } else if (cassette.failure) {
    comparison.compare("error", Value::string("a failure"), Value());
  }
  return std::move(comparison).differences();
}

}  // namespace tba::steps
