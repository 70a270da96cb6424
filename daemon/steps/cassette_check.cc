#include "daemon/steps/cassette_check.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/request_builder.h"
#include "daemon/connectors/request_view.h"
#include "daemon/steps/answers.h"
#include "daemon/steps/outcomes.h"
#include "daemon/vault/credentials.h"
#include "shared/lower_case.h"
#include "shared/random.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::steps {
namespace {

/// A credential of a scheme whose secrets are made up, and masked like real ones.
vault::Credential stand_in(const Connector& connector, const AuthScheme& scheme,
                           vault::LiveSecrets& live_secrets) {
  vault::Credential credential;
  credential.name = "stand-in";
  credential.connector = connector.name;
  credential.scheme = scheme.name;
  credential.type = scheme.type;
  std::vector<std::string> texts;
  std::vector<std::string> names;
  for (const auto& field : fields_of(scheme)) names.push_back(field.name);
  if (scheme.type == AuthScheme::Type::oauth2) names.emplace_back("access_token");
  for (const auto& name : names) {
    texts.push_back("stand-in-for-" + name);
    credential.fields.emplace(name, vault::Secret(texts.back()));
  }
  if (scheme.type == AuthScheme::Type::basic)
    texts.push_back(
        fmt::format("{}:{}", credential.field("username"), credential.field("password")));
  const std::vector<std::string_view> secrets(texts.begin(), texts.end());
  credential.masked = live_secrets.add(secrets);
  return credential;
}

/// The request as it would be sent.
Result<net::HttpRequest> request_of(const Connector& connector, const Cassette& cassette,
                                    const vault::Credential* credential, Instant now) {
  auto request = connectors::build_request(connector, *connector.endpoint(cassette.endpoint),
                                           cassette.parameters, credential);
  if (!request || !credential) return request;
  SystemRandom random;
  auto proved = connectors::authenticate(*request, connector, *credential, {now, random});
  if (!proved) return proved.error();
  return request;
}

/// As the HTTP client gives an answer: names in lower case. JSON says that it is.
net::HttpResponse response_of(const Cassette::Answer& answer) {
  net::HttpResponse response;
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers)
    response.headers.emplace_back(lower_case(name), value);
  if (answer.body.is_null()) return response;
  if (answer.body.is_string()) {
    response.body = answer.body.as_string();
    return response;
  }
  response.body = to_json(answer.body);
  if (!response.header("content-type"))
    response.headers.emplace_back("content-type", "application/json");
  return response;
}

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
  const auto& endpoint = *connector.endpoint(cassette.endpoint);
  vault::LiveSecrets live_secrets;
  std::optional<vault::Credential> credential;
  if (!cassette.auth.empty())
    credential.emplace(stand_in(connector, *connector.scheme(cassette.auth), live_secrets));
  Comparison comparison;
  auto request = request_of(connector, cassette, credential ? &*credential : nullptr, now);
  if (!request) {
    compare_failure(cassette, not_attempted("request", request.error().message), comparison);
    return std::move(comparison).differences();
  }
  compare_request(cassette.request, connectors::request_view(*std::move(request), live_secrets),
                  comparison);
  if (cassette.answer) {
    const auto what = connector.name + "/" + endpoint.id;
    const auto outcome =
        by_rules(endpoint.answer, outcome_of(response_of(*cassette.answer), what, now), what);
    compare_failure(cassette, outcome, comparison);
    if (cassette.result && !outcome.failure)
      comparison.compare("result", *cassette.result, member(outcome.result, "body"));
  } else if (cassette.failure) {
    comparison.compare("error", Value::string("a failure"), Value());
  }
  return std::move(comparison).differences();
}

}  // namespace tba::steps
