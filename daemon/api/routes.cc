#include "daemon/api/routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include "daemon/http/problem.h"
#include "shared/suggestion.h"

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

asio::awaitable<http::Response> unknown_parameter(std::string name,
                                                  std::vector<std::string> known) {
  co_return http::problem(
      400, "invalid",
      "there is no query parameter '" + name + "' here" + did_you_mean(name, known));
}

/// A route that takes any query.
http::Route open_route(Services& services, std::string method, std::string pattern,
                       ServiceHandler handler) {
  http::Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.handler = [&services, handler](http::Request request) {
    return handler(services, std::move(request));
  };
  return route;
}

/// The methods that a webhook may take, and HEAD: it is none of GET's here, where a GET may act.
constexpr std::array kHookMethods{"POST", "PUT", "PATCH", "GET", "DELETE", "HEAD"};

/// How long an answer may take to be stored beside the result that it waits for.
constexpr std::chrono::seconds kHookMargin{30};

std::vector<http::Route> hook_routes(Services& services) {
  std::vector<http::Route> routes;
  for (const auto* method : kHookMethods) {
    auto& hooks = routes.emplace_back(open_route(services, method, "/hooks/{path*}", receive));
    hooks.deadline = WebhookTrigger::kLongestWait + kHookMargin;
    hooks.admits = [&services](const http::Request& request) {
      return services.webhooks.objection(request, request.parameter("path"));
    };
    hooks.on_refused = [&services](http::Request request, const http::Refusal& refusal) {
      return services.webhooks.record(request.parameter("path"), request.sender(), refusal);
    };
  }
  return routes;
}

/// What anybody may reach, TCP included.
std::vector<http::Route> public_routes(Services& services) {
  auto routes = hook_routes(services);
  for (auto& check : {open_route(services, "GET", "/healthz", healthy),
                      open_route(services, "GET", "/readyz", ready)}) {
    routes.push_back(check);
    routes.back().while_stopping = true;
  }
  for (auto& route : routes) route.reach = http::Reach::anywhere;
  return routes;
}

}  // namespace

http::Route route(Services& services, std::string method, std::string pattern,
                  ServiceHandler handler, std::vector<std::string> parameters) {
  auto route = open_route(services, std::move(method), std::move(pattern), handler);
  route.handler = [answer = std::move(route.handler),
                   known = std::move(parameters)](http::Request request) {
    for (const auto& [name, value] : request.query) {
      if (std::ranges::find(known, name) == known.end()) return unknown_parameter(name, known);
    }
    return answer(std::move(request));
  };
  return route;
}

std::vector<http::Route> all_routes(Services& services) {
  std::vector<http::Route> all;
  for (const auto part : {public_routes, status_routes, workflow_routes, run_routes,
                          run_decision_routes, delivery_routes, event_routes, credential_routes,
                          offer_routes, login_routes, connector_routes, store_routes}) {
    auto routes = part(services);
    std::move(routes.begin(), routes.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace tba::api
