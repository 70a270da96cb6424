#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/auth/credential_check.h"
#include "daemon/auth/subject.h"
#include "daemon/http/problem.h"
#include "shared/suggestion.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

Value credential_view(const vault::CredentialSummary& credential, const daemon::WorkflowSet& set) {
  ArrayBuilder used_by;
  for (const auto& [name, loaded] : set.workflows) {
    const auto used = loaded.definition->workflow->credentials();
    if (std::ranges::find(used, credential.name) != used.end()) used_by.add(Value::string(name));
  }
  return Value::object(
      {{"name", Value::string(credential.name)},
       {"connector", text_view(credential.connector)},
       {"scheme", Value::string(credential.scheme)},
       {"type", credential.type ? Value::string(name_of(*credential.type)) : Value()},
       {"base_url", text_view(credential.base_url)},
       {"version", Value::integer(credential.version)},
       {"created_at", time_view(credential.created_at)},
       {"updated_at", time_view(credential.updated_at)},
       {"problem", text_view(credential.problem)},
       {"used_by", std::move(used_by).build()}});
}

/// Longer than the call itself may take, which then says that it was too long.
constexpr std::chrono::seconds kTestTime{75};

/// What a test proves where all is well.
constexpr std::string_view kTakenByApi = "call";
constexpr std::string_view kGivenAgain = "token";

Value test_view(std::string_view proves, const std::string& endpoint, int status,
                const std::string& problem) {
  return Value::object({{"works", Value::boolean(problem.empty())},
                        {"proved", problem.empty() ? Value::string(proves) : Value()},
                        {"endpoint", text_view(endpoint)},
                        {"status", status == 0 ? Value() : Value::integer(status)},
                        {"problem", text_view(problem)}});
}

asio::awaitable<http::Response> list(Services& services, http::Request) {
  const auto set = services.workflows.current();
  co_return json(200, list_view(services.credentials.list(), [&](const auto& credential) {
                   return credential_view(credential, *set);
                 }));
}

/// The credential that a request describes. Its values are secrets: no message shows any.
Result<vault::NewCredential> credential_from(const std::string& name, const Value& body,
                                             const daemon::WorkflowSet& set) {
  const auto connector = text_member(body, "connector");
  if (!connector) return connector.error();
  auto scheme = text_member(body, "scheme");
  if (!scheme) return scheme.error();
  auto base_url = text_member(body, "base_url");
  if (!base_url) return base_url.error();
  vault::NewCredential credential;
  credential.name = name;
  credential.connector = set.connectors.find(*connector);
  if (!credential.connector) {
    return Error{ErrorCode::invalid,
                 "there is no connector '" + *connector + "'" +
                     did_you_mean(*connector, set.connectors.names()),
                 "`connector list` shows which there are"};
  }
  credential.scheme = std::move(*scheme);
  credential.base_url = std::move(*base_url);
  const Value* fields = body.find("fields");
  if (!fields || !fields->is_object())
    return Error{ErrorCode::invalid, "`fields` is an object of texts", ""};
  for (const auto& field : fields->members()) {
    if (!field.value.is_string()) {
      return Error{ErrorCode::invalid, "field '" + std::string(field.name) + "' is no text", ""};
    }
    credential.fields.emplace(field.name, vault::Secret(field.value.as_string()));
  }
  return credential;
}

asio::awaitable<http::Response> set(Services& services, http::Request request) {
  const auto name = request.parameter("name");
  const auto body = object_body(request, {"connector", "scheme", "fields", "base_url"});
  vault::wipe(request.body);
  if (!body) co_return body.error();
  const auto workflows = services.workflows.current();
  auto credential = credential_from(name, *body, *workflows);
  if (!credential) co_return http::problem(credential.error());
  const auto usable = auth::check_usable(*credential, {services.clock.now(), services.random});
  if (!usable) co_return http::problem(usable.error());
  const auto stored = co_await services.credentials.set(std::move(*credential));
  if (!stored) co_return http::problem(stored.error());
  co_return json(stored->version == 1 ? 201 : 200,
                 credential_view(*stored, *services.workflows.current()));
}

asio::awaitable<http::Response> remove(Services& services, http::Request request) {
  const auto removed = co_await services.credentials.remove(request.parameter("name"));
  if (!removed) co_return http::problem(removed.error());
  http::Response response;
  response.status = 204;
  co_return response;
}

/// Where no endpoint tells whether a credential works: whether its token endpoint gives it another
/// access token.
asio::awaitable<http::Response> test_token(Services& services,
                                           std::shared_ptr<const vault::Credential> credential) {
  const auto connector_of = [&](const std::string& name) {
    return services.workflows.connector_of(name);
  };
  const auto subject = auth::subject_of(credential->name, services.credentials, connector_of);
  const bool can_ask = subject && (!credential->field("refresh_token").empty() ||
                                   !needs_somebody(auth::grant_of(subject->client())));
  if (!can_ask) {
    co_return http::problem(400, "invalid",
                            "connector '" + credential->connector +
                                "' names no endpoint that tells whether a credential works, and "
                                "there is no token to be asked for",
                            "a step that uses it tells");
  }
  const auto renewed = co_await services.tokens.renewed(credential->name, credential->version);
  co_return json(200,
                 test_view(kGivenAgain, "", 0, renewed ? std::string() : renewed.error().message));
}

/// Calls the endpoint with which the credential's connector tells whether one works.
asio::awaitable<http::Response> test(Services& services, http::Request request) {
  const auto& name = request.parameter("name");
  if (!services.credentials.knows(name)) {
    co_return http::problem(404, "not_found", "credential '" + name + "' does not exist",
                            "`credential list` shows which there are");
  }
  const auto credential = services.credentials.find(name);
  if (!credential)
    co_return json(200, test_view(kTakenByApi, "", 0, services.credentials.problem(name)));
  const auto connector = services.workflows.connector_of(credential->connector);
  if (!connector || connector->test.empty()) co_return co_await test_token(services, credential);
  engine::Attempt attempt;
  attempt.effect = Effect::repeat;
  attempt.credential = name;
  attempt.must_ask = true;
  attempt.request = engine::EndpointCall{connector, connector->test, Value::object({}), ""};
  const engine::LineSink no_log = [](std::string_view, std::string_view) {};
  const auto outcome = co_await services.runner.perform(std::move(attempt), no_log);
  const auto what = connector->name + "/" + connector->test;
  co_return json(200, test_view(kTakenByApi, what, outcome.http_status,
                                outcome.failure ? outcome.failure->message : std::string()));
}

}  // namespace

std::vector<http::Route> credential_routes(Services& services) {
  auto test_route = route(services, "POST", "/api/v1/credentials/{name}/test", test);
  test_route.deadline = kTestTime;
  return {
      std::move(test_route),
      route(services, "GET", "/api/v1/credentials", list),
      route(services, "PUT", "/api/v1/credentials/{name}", set),
      route(services, "DELETE", "/api/v1/credentials/{name}", remove),
  };
}

}  // namespace tba::api
