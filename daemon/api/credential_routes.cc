#include <algorithm>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
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

}  // namespace

std::vector<http::Route> credential_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/credentials", list),
      route(services, "PUT", "/api/v1/credentials/{name}", set),
      route(services, "DELETE", "/api/v1/credentials/{name}", remove),
  };
}

}  // namespace tba::api
