#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/connectors/authentication.h"
#include "daemon/connectors/mail_builder.h"
#include "daemon/connectors/request_builder.h"
#include "daemon/connectors/request_view.h"
#include "daemon/engine/definition.h"
#include "daemon/http/problem.h"
#include "daemon/steps/cassette_record.h"
#include "shared/duration.h"
#include "shared/suggestion.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

/// Longer than the request itself may take, which then says that it was too long.
constexpr std::chrono::seconds kCallTime{75};

Value scheme_summary(const AuthScheme& scheme) {
  return Value::object(
      {{"name", Value::string(scheme.name)}, {"type", Value::string(name_of(scheme.type))}});
}

Value scheme_view(const Connector& connector, const AuthScheme& scheme) {
  ArrayBuilder fields;
  for (const auto& field : fields_of(scheme)) {
    fields.add(Value::object({{"name", Value::string(field.name)},
                              {"prompt", Value::string(field.prompt)},
                              {"secret", Value::boolean(field.is_secret)},
                              {"required", Value::boolean(field.is_required)},
                              {"may_be_empty", Value::boolean(field.may_be_empty)},
                              {"has_lines", Value::boolean(field.has_lines)}}));
  }
  ArrayBuilder grants;
  if (scheme.oauth2) {
    for (const auto name : names_of(scheme.oauth2->grants)) grants.add(Value::string(name));
  }
  return scheme_summary(scheme)
      .with_member("grants", std::move(grants).build())
      .with_member("needs_base_url", Value::boolean(connector.needs_base_url(scheme)))
      .with_member("fields", std::move(fields).build());
}

Value rate_limit_view(const RateLimit& limit) {
  ArrayBuilder by;
  for (const auto scope : limit.by)
    by.add(Value::string(scope == RateLimit::Scope::credential ? "credential" : "endpoint"));
  for (const auto& parameter : limit.parameters) by.add(Value::string(parameter));
  const bool is_known = limit.requests > 0;
  return Value::object({{"name", Value::string(limit.name)},
                        {"requests", is_known ? Value::integer(limit.requests) : Value()},
                        {"per", is_known ? Value::string(format_duration(limit.per)) : Value()},
                        {"by", std::move(by).build()}});
}

/// How its endpoints give lists in pages, each way once.
Value page_styles(const Connector& connector) {
  std::set<std::string_view> styles;
  for (const auto& endpoint : connector.endpoints) {
    if (endpoint.pagination) styles.insert(name_of(endpoint.pagination->style));
  }
  return array_view(styles, [](std::string_view style) { return Value::string(style); });
}

/// Its endpoints by what may be done when it is not known whether a call acted.
Value effects_view(const Connector& connector) {
  std::map<Effect, ArrayBuilder> ids;
  for (const auto& endpoint : connector.endpoints)
    ids[engine::effect_of(connector, endpoint.id)].add(Value::string(endpoint.id));
  ObjectBuilder effects;
  for (const auto effect : {Effect::repeat, Effect::keyed, Effect::once})
    effects.put(name_of(effect), std::move(ids[effect]).build());
  return std::move(effects).build();
}

Value idempotency_view(const Idempotency& idempotency) {
  if (idempotency.header.empty()) return {};
  return Value::object(
      {{"header", Value::string(idempotency.header)},
       {"lifetime",
        idempotency.lifetime ? Value::string(format_duration(*idempotency.lifetime)) : Value()}});
}

/// How deliveries prove who sent them, and with credentials of which auth scheme.
Value verifications_view(const std::optional<WebhookScheme>& webhook) {
  ArrayBuilder verifications;
  if (webhook) {
    for (const auto& verification : webhook->verifications) {
      verifications.add(Value::object({{"scheme", Value::string(name_of(verification.scheme))},
                                       {"auth", text_view(verification.auth)}}));
    }
  }
  return std::move(verifications).build();
}

Value summary(const Services& services, const Connector& connector) {
  ArrayBuilder auth;
  for (const auto& scheme : connector.auth) auth.add(scheme_summary(scheme));
  return Value::object(
      {{"name", Value::string(connector.name)},
       {"title", text_view(connector.title)},
       {"base_url", text_view(connector.base_url)},
       {"plugin", connector.plugin
                      ? plugin_view(*connector.plugin, services.plugin_state(connector.name))
                      : Value()},
       {"auth", std::move(auth).build()},
       {"endpoints", Value::integer(static_cast<std::int64_t>(connector.endpoints.size()))},
       {"effects", effects_view(connector)},
       {"idempotency", idempotency_view(connector.idempotency)},
       {"webhook", Value::boolean(connector.webhook.has_value())},
       {"verifications", verifications_view(connector.webhook)},
       {"rate_limits", array_view(connector.rate_limits, rate_limit_view)},
       {"pagination", page_styles(connector)},
       {"test", text_view(connector.test)}});
}

http::Response no_such_connector(const std::string& name, const ConnectorCatalog& catalog) {
  return http::problem(404, "not_found",
                       "there is no connector '" + name + "'" + did_you_mean(name, catalog.names()),
                       "`connector list` shows which there are");
}

asio::awaitable<http::Response> list(Services& services, http::Request) {
  const auto set = services.workflows.current();
  co_return json(200, list_view(set->connectors.names(), [&](const std::string& name) {
                   return summary(services, *set->connectors.find(name));
                 }));
}

asio::awaitable<http::Response> show(Services& services, http::Request request) {
  const auto set = services.workflows.current();
  const auto connector = set->connectors.find(request.parameter("name"));
  if (!connector) co_return no_such_connector(request.parameter("name"), set->connectors);
  ArrayBuilder auth;
  for (const auto& scheme : connector->auth) auth.add(scheme_view(*connector, scheme));
  ArrayBuilder endpoints;
  for (const auto& endpoint : connector->endpoints) endpoints.add(endpoint_view(endpoint));
  co_return json(200, summary(services, *connector)
                          .with_member("auth", std::move(auth).build())
                          .with_member("endpoints", std::move(endpoints).build()));
}

/// The API's limits are those of the runs, too.
http::Response come_again(std::chrono::milliseconds wait, const std::string& why) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
  auto answer = http::problem(429, "rate_limited", why,
                              "it can be called again in " + format_duration(seconds));
  answer.headers.add("Retry-After", std::to_string(seconds.count()));
  return answer;
}

/// A call by hand, as a request asks for it.
struct CallByHand {
  std::shared_ptr<const Connector> connector;
  const Endpoint* endpoint;  ///< Of the connector.
  Value parameters;
  std::string credential;     ///< One that is known, or empty.
  std::optional<Value> page;  ///< Of the list that it calls for: null for the first.
  bool is_recorded = false;
};

boost::system::result<CallByHand, http::Response> call_by_hand(
    Services& services, const http::Request& request,
    const std::vector<std::string>& keys = {"parameters", "credential"}) {
  const auto set = services.workflows.current();
  const auto connector = set->connectors.find(request.parameter("name"));
  if (!connector) return no_such_connector(request.parameter("name"), set->connectors);
  const auto& id = request.parameter("id");
  const auto* endpoint = connector->endpoint(id);
  if (!endpoint) {
    std::vector<std::string> ids;
    for (const auto& other : connector->endpoints) ids.push_back(other.id);
    return http::problem(
        404, "not_found",
        "connector '" + connector->name + "' has no endpoint '" + id + "'" + did_you_mean(id, ids));
  }
  const auto body = object_body(request, keys);
  if (!body) return body.error();
  auto credential = text_member(*body, "credential");
  if (!credential) return http::problem(credential.error());
  if (!credential->empty() && !services.credentials.knows(*credential)) {
    return http::problem(404, "not_found", "credential '" + *credential + "' does not exist",
                         "`credential list` shows which there are");
  }
  const Value* parameters = body->find("parameters");
  const Value* page = body->find("page");
  const Value record = body->find("record") ? *body->find("record") : Value::boolean(false);
  if (!record.is_boolean()) return http::problem(400, "invalid", "`record` is not true or false");
  return CallByHand{connector,
                    endpoint,
                    parameters ? *parameters : Value::object({}),
                    *std::move(credential),
                    page ? std::optional(*page) : std::nullopt,
                    record.as_boolean()};
}

/// Why a call cannot be recorded, if it cannot.
std::string why_not_recorded(const CallByHand& call) {
  if (call.page) return "pages are not recorded";
  if (!call.endpoint->method.empty()) return "";
  return fmt::format("'{}/{}' sends no HTTP request that could be recorded", call.connector->name,
                     call.endpoint->id);
}

/// What a call has left, with its cassette, or why there is none.
Value recorded(const Services& services, const Connector& connector, steps::AnsweredCall call,
               Value result) {
  const auto cassette =
      steps::record_cassette(connector, call, services.live_secrets, services.clock.now());
  return std::move(result)
      .with_member("cassette", cassette ? as_value(*cassette) : Value())
      .with_member("not_recorded", cassette ? Value() : Value::string(cassette.error().message));
}

/// Calls an endpoint outside any run, as `connector call` does. Of a list a page is answered where
/// `page` says so: its items as `body`, and as `next` what `page` is to be for the next one. With
/// `record` its `cassette` is answered too, or, as `not_recorded`, why there is none.
asio::awaitable<http::Response> call(Services& services, http::Request request) {
  auto by_hand = call_by_hand(services, request, {"parameters", "credential", "page", "record"});
  if (!by_hand) co_return by_hand.error();
  const auto obstacle = by_hand->is_recorded ? why_not_recorded(*by_hand) : std::string();
  if (!obstacle.empty()) co_return http::problem(400, "invalid", obstacle);
  const auto connector = by_hand->connector;
  steps::AnsweredCall answered{by_hand->endpoint->id, by_hand->parameters, "", Value()};
  if (const auto credential = services.credentials.find(by_hand->credential))
    answered.scheme = credential->scheme;
  engine::Attempt attempt;
  attempt.effect = Effect::once;
  attempt.is_by_hand = true;
  attempt.credential = std::move(by_hand->credential);
  engine::EndpointCall to_call{std::move(by_hand->connector), by_hand->endpoint->id,
                               std::move(by_hand->parameters), ""};
  to_call.page = std::move(by_hand->page);
  attempt.request = std::move(to_call);
  const engine::LineSink no_log = [](std::string_view, std::string_view) {};
  auto outcome = co_await services.runner.perform(std::move(attempt), no_log);
  const bool is_no_page = outcome.failure && outcome.failure->kind == "pagination";
  if (!outcome.result.is_null() && !is_no_page) {
    if (!by_hand->is_recorded) co_return json(200, outcome.result);
    answered.answer = std::move(outcome.answer);
    co_return json(200, recorded(services, *connector, std::move(answered), outcome.result));
  }
  const auto& failure = *outcome.failure;
  if (failure.kind == "request" || failure.kind == "credential")
    co_return http::problem(400, "invalid", failure.message);
  if (failure.kind == "rate_limit") co_return come_again(*outcome.retry_after, failure.message);
  if (failure.kind == "timeout") co_return http::problem(504, "timed_out", failure.message);
  co_return http::problem(502, "upstream_failed", failure.message);
}

/// The request that such a call would send, without its secrets; nothing is sent.
asio::awaitable<http::Response> preview(Services& services, http::Request request) {
  const auto by_hand = call_by_hand(services, request);
  if (!by_hand) co_return by_hand.error();
  if (by_hand->connector->plugin) {
    co_return http::problem(400, "invalid",
                            "'" + by_hand->connector->name +
                                "' is a plugin, which no request is "
                                "sent to");
  }
  std::shared_ptr<const vault::Credential> credential;
  if (!by_hand->credential.empty()) {
    credential = services.credentials.find(by_hand->credential);
    if (!credential)
      co_return http::problem(400, "invalid", services.credentials.problem(by_hand->credential));
  }
  if (by_hand->connector->sends_mail) {
    const connectors::MailMark mark{"preview", services.clock.now()};
    auto draft = connectors::build_mail(*by_hand->connector, *by_hand->endpoint,
                                        by_hand->parameters, credential.get(), mark);
    if (!draft) co_return http::problem(draft.error());
    co_return json(200, connectors::mail_view(std::move(draft->request), services.live_secrets));
  }
  auto built = connectors::build_request(*by_hand->connector, *by_hand->endpoint,
                                         by_hand->parameters, credential.get());
  if (!built) co_return http::problem(built.error());
  if (credential) {
    auto proved = connectors::authenticate(*built, *by_hand->connector, *credential,
                                           {services.clock.now(), services.random});
    if (!proved) co_return http::problem(proved.error());
  }
  co_return json(200, connectors::request_view(*std::move(built), services.live_secrets));
}

}  // namespace

std::vector<http::Route> connector_routes(Services& services) {
  auto call_route = route(services, "POST", "/api/v1/connectors/{name}/endpoints/{id}/call", call);
  call_route.deadline = kCallTime;
  return {
      route(services, "GET", "/api/v1/connectors", list),
      route(services, "GET", "/api/v1/connectors/{name}", show),
      route(services, "POST", "/api/v1/connectors/{name}/endpoints/{id}/preview", preview),
      std::move(call_route),
  };
}

}  // namespace tba::api
