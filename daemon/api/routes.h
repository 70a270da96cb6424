#pragma once

#include <string>
#include <vector>

#include "daemon/api/services.h"
#include "daemon/http/route.h"

namespace tba::api {

/// How a part writes its handlers: the services first, then the request.
using ServiceHandler = boost::asio::awaitable<http::Response> (*)(Services&, http::Request);

/// A route of the API: on the unix socket only. A query parameter that is not among `parameters` is
/// answered with 400: a filter with a slip of the pen in its name would show everything.
http::Route route(Services& services, std::string method, std::string pattern,
                  ServiceHandler handler, std::vector<std::string> parameters = {});

/// Everything that the daemon serves: the API, webhooks and health checks.
std::vector<http::Route> all_routes(Services& services);

// The parts of it, one a file.
std::vector<http::Route> status_routes(Services& services);
std::vector<http::Route> workflow_routes(Services& services);
std::vector<http::Route> run_routes(Services& services);
std::vector<http::Route> run_decision_routes(Services& services);
std::vector<http::Route> delivery_routes(Services& services);
std::vector<http::Route> event_routes(Services& services);
std::vector<http::Route> credential_routes(Services& services);
std::vector<http::Route> offer_routes(Services& services);
std::vector<http::Route> login_routes(Services& services);
std::vector<http::Route> connector_routes(Services& services);
std::vector<http::Route> store_routes(Services& services);

}  // namespace tba::api
