#include <string>
#include <vector>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/http/problem.h"
#include "shared/suggestion.h"
#include "shared/value/json.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

Value summary(const Connector& connector) {
  ArrayBuilder auth;
  for (const auto& scheme : connector.auth) {
    auth.add(Value::object(
        {{"name", Value::string(scheme.name)}, {"type", Value::string(name_of(scheme.type))}}));
  }
  return Value::object(
      {{"name", Value::string(connector.name)},
       {"title", text_view(connector.title)},
       {"base_url", text_view(connector.base_url)},
       {"auth", std::move(auth).build()},
       {"endpoints", Value::integer(static_cast<std::int64_t>(connector.endpoints.size()))},
       {"webhook", Value::boolean(connector.webhook.has_value())}});
}

http::Response no_such_connector(const std::string& name, const ConnectorCatalog& catalog) {
  return http::problem(404, "not_found",
                       "there is no connector '" + name + "'" + did_you_mean(name, catalog.names()),
                       "`connector list` shows which there are");
}

asio::awaitable<http::Response> list(Services& services, http::Request) {
  const auto set = services.workflows.current();
  co_return json(200, list_view(set->connectors.names(), [&](const std::string& name) {
                   return summary(*set->connectors.find(name));
                 }));
}

asio::awaitable<http::Response> show(Services& services, http::Request request) {
  const auto set = services.workflows.current();
  const auto connector = set->connectors.find(request.parameter("name"));
  if (!connector) co_return no_such_connector(request.parameter("name"), set->connectors);
  ArrayBuilder endpoints;
  for (const auto& endpoint : connector->endpoints) endpoints.add(endpoint_view(endpoint));
  co_return json(200, summary(*connector).with_member("endpoints", std::move(endpoints).build()));
}

/// Calls an endpoint outside any run, as `connector call` does.
asio::awaitable<http::Response> call(Services& services, http::Request request) {
  const auto set = services.workflows.current();
  const auto connector = set->connectors.find(request.parameter("name"));
  if (!connector) co_return no_such_connector(request.parameter("name"), set->connectors);
  const auto& id = request.parameter("id");
  if (!connector->endpoint(id)) {
    std::vector<std::string> ids;
    for (const auto& endpoint : connector->endpoints) ids.push_back(endpoint.id);
    co_return http::problem(
        404, "not_found",
        "connector '" + connector->name + "' has no endpoint '" + id + "'" + did_you_mean(id, ids));
  }
  Value body;
  if (!request.body.empty()) {
    auto parsed = parse_json(request.body);
    if (!parsed)
      co_return http::problem(400, "not_json", "the body is no JSON: " + parsed.error().message);
    body = std::move(*parsed);
  }
  engine::Attempt attempt;
  attempt.effect = Effect::once;
  if (const Value* credential = body.find("credential"); credential && credential->is_string()) {
    attempt.credential = credential->as_string();
  }
  const Value* parameters = body.find("parameters");
  attempt.request =
      engine::EndpointCall{connector, id, parameters ? *parameters : Value::object({}), ""};
  auto outcome = co_await services.runner.perform(std::move(attempt),
                                                  [](std::string_view, std::string_view) {});
  if (!outcome.result.is_null()) co_return json(200, outcome.result);
  const bool ours = outcome.failure->kind == "request" || outcome.failure->kind == "credential";
  co_return http::problem(ours ? 400 : 502, ours ? "invalid" : "upstream_failed",
                          outcome.failure->message);
}

}  // namespace

std::vector<http::Route> connector_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/connectors", list),
      route(services, "GET", "/api/v1/connectors/{name}", show),
      route(services, "POST", "/api/v1/connectors/{name}/endpoints/{id}/call", call),
  };
}

}  // namespace tba::api
