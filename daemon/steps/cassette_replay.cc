#include "daemon/steps/cassette_replay.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/request_builder.h"
#include "daemon/connectors/request_view.h"
#include "daemon/steps/answers.h"
#include "daemon/steps/outcomes.h"
#include "daemon/vault/credentials.h"
#include "shared/lower_case.h"
#include "shared/random.h"
#include "shared/value/json.h"

namespace tba::steps {
namespace {

/// Where a connector is that leaves that to its credentials.
constexpr std::string_view kStandInUrl = "https://stand-in.example";

class StoppedClock final : public Clock {
 public:
  explicit StoppedClock(Instant now) : now_(now) {}
  Instant now() const override { return now_; }

 private:
  Instant now_;
};

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

}  // namespace

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
  // As it is JSON, it says so.
  if (!response.header("content-type"))
    response.headers.emplace_back("content-type", "application/json");
  return response;
}

Replay replay(const Connector& connector, const Cassette& cassette, Instant now) {
  if (connector.base_url.empty()) {
    auto somewhere = connector;
    somewhere.base_url = kStandInUrl;
    return replay(somewhere, cassette, now);
  }
  vault::LiveSecrets live_secrets;
  std::optional<vault::Credential> credential;
  if (!cassette.auth.empty())
    credential.emplace(stand_in(connector, *connector.scheme(cassette.auth), live_secrets));
  auto request = request_of(connector, cassette, credential ? &*credential : nullptr, now);
  if (!request) return {Value(), not_attempted("request", request.error().message)};
  Replay replayed{connectors::request_view(*std::move(request), live_secrets), {}};
  if (!cassette.answer) return replayed;
  const auto& endpoint = *connector.endpoint(cassette.endpoint);
  const auto what = connector.name + "/" + endpoint.id;
  const StoppedClock clock(now);
  replayed.outcome = by_rules(endpoint.answer, outcome_of(response_of(*cassette.answer), what, now),
                              what, {.clock = &clock, .log = {}});
  return replayed;
}

}  // namespace tba::steps
