#include <utility>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/auth/credential_check.h"
#include "daemon/http/problem.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

/// With its secret, which people have to hand to the API.
Value offer_view(const std::shared_ptr<const triggers::SecretOffer>& offer) {
  return Value::object({{"id", Value::string(offer->id)},
                        {"credential", Value::string(offer->credential)},
                        {"connector", Value::string(offer->connector)},
                        {"scheme", Value::string(offer->scheme)},
                        {"workflow", Value::string(offer->workflow)},
                        {"from", text_view(offer->client)},
                        {"at", time_view(offer->at)},
                        {"secret", Value::string(offer->secret.view())}});
}

asio::awaitable<http::Response> list(Services& services, http::Request) {
  co_return json(200, list_view(services.webhooks.offers().list(), offer_view));
}

/// Makes the offered secret the credential's, if that is not there by now.
asio::awaitable<http::Response> accept(Services& services, http::Request request) {
  const auto& id = request.parameter("id");
  const auto offer = services.webhooks.offers().find(id);
  if (!offer) {
    co_return http::problem(404, "not_found", "no secret '" + id + "' is offered",
                            "`credential offers` shows those that are");
  }
  vault::NewCredential credential;
  credential.name = offer->credential;
  credential.connector = services.workflows.connector_of(offer->connector);
  if (!credential.connector) {
    co_return http::problem(409, "conflict",
                            "the connector '" + offer->connector + "' is not there any more");
  }
  credential.scheme = offer->scheme;
  credential.fields.emplace("secret", offer->secret.clone());
  const auto usable = auth::check_usable(credential, {services.clock.now(), services.random});
  if (!usable) co_return http::problem(usable.error());
  const auto stored = co_await services.credentials.set(std::move(credential));
  if (!stored) co_return http::problem(stored.error());
  co_return json(201, Value::object({{"name", Value::string(stored->name)},
                                     {"connector", Value::string(stored->connector)},
                                     {"scheme", Value::string(stored->scheme)}}));
}

}  // namespace

std::vector<http::Route> offer_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/credential-offers", list),
      route(services, "POST", "/api/v1/credential-offers/{id}/accept", accept),
  };
}

}  // namespace tba::api
