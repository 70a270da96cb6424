#include "daemon/api/routes.h"

#include <iterator>
#include <utility>

#include "daemon/http/problem.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

asio::awaitable<http::Response> receive(Services& services, http::Request request) {
  auto path = request.parameter("path");
  return services.webhooks.receive(std::move(request), std::move(path));
}

asio::awaitable<http::Response> healthy(Services&, http::Request) {
  co_return http::text_response(200, "ok\n");
}

asio::awaitable<http::Response> ready(Services& services, http::Request) {
  if (services.stopping()) co_return http::problem(503, "stopping", "the daemon is stopping");
  co_return http::text_response(200, "ready\n");
}

/// What anybody may reach, TCP included.
std::vector<http::Route> public_routes(Services& services) {
  auto hooks = route(services, "POST", "/hooks/{path*}", receive);
  hooks.on_refused = [&services](http::Request request, const http::Response& answer) {
    return services.webhooks.record_refusal(request.parameter("path"), request.peer.text(), answer);
  };
  auto health = route(services, "GET", "/healthz", healthy);
  auto readiness = route(services, "GET", "/readyz", ready);
  for (auto* open : {&hooks, &health, &readiness}) open->reach = http::Reach::anywhere;
  health.while_stopping = true;
  readiness.while_stopping = true;
  return {hooks, health, readiness};
}

}  // namespace

http::Route route(Services& services, std::string method, std::string pattern,
                  ServiceHandler handler) {
  http::Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.handler = [&services, handler](http::Request request) {
    return handler(services, std::move(request));
  };
  return route;
}

std::vector<http::Route> all_routes(Services& services) {
  std::vector<http::Route> all;
  for (const auto part : {public_routes, status_routes, workflow_routes, run_routes,
                          delivery_routes, credential_routes, connector_routes}) {
    auto routes = part(services);
    std::move(routes.begin(), routes.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace tba::api
