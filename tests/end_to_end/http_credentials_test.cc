// Credentials of the connector `http`, with which `http` steps ask any API: over loopback.

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/daemon_process.h"
#include "tests/support/http_server.h"

namespace tba::tests {
namespace {

using nlohmann::json;
using Request = httplib::Request;
using Response = httplib::Response;

/// An API with a way in for each of some credentials.
void routes(httplib::Server& server) {
  server.Get("/v1/by-header", [](const Request& request, Response& response) {
    response.status = request.get_header_value("X-Own") == "k-0123456789" ? 200 : 401;
    response.set_content(json{{"state", request.get_param_value("state")}}.dump(),
                         "application/json");
  });
  server.Get("/v1/by-query", [](const Request& request, Response& response) {
    response.status = request.get_param_value("token") == "k-0123456789" ? 200 : 401;
  });
  server.Post("/v1/by-digest", [](const Request& request, Response& response) {
    if (request.get_header_value("Authorization").starts_with("Digest username=\"ada\"")) {
      response.set_content(request.body, "text/plain");
      return;
    }
    response.status = 401;
    response.set_header("WWW-Authenticate",
                        R"(Digest realm="api", nonce="n1", qop="auth", algorithm=SHA-256)");
  });
}

std::string workflow(std::string_view credential, std::string_view request) {
  return fmt::format(R"(
on: {{ manual: {{}} }}
steps:
  - id: ask
    http: {}
    credential: {}
output: ${{{{ [ .steps.ask.status, .steps.ask.body ] }}}}
)",
                     request, credential);
}

json run(const DaemonProcess& daemon, const std::string& name) {
  return daemon.finished_run(daemon.start_run(name));
}

}  // namespace

TEST_CASE("http credentials: any API is asked below the base URL that its credential has") {
  const HttpServer api(routes);
  const HttpServer elsewhere([](httplib::Server& server) {
    server.Get(".*", [](const Request&, Response& response) { response.status = 204; });
  });
  DaemonProcess daemon;
  daemon.write_workflow("header", workflow("shop", "{ url: /by-header, query: { state: open } }"));
  daemon.write_workflow("query", workflow("list", "{ url: /by-query }"));
  daemon.write_workflow("digest",
                        workflow("camera", "{ method: POST, url: /by-digest, body: hi }"));
  // Where it leads is only known when it runs, so that the workflow is not held.
  const auto lured = fmt::format(R"({{ url: '${{{{ "{}" }}}}' }})", elsewhere.url("/by-header"));
  daemon.write_workflow("elsewhere", workflow("shop", lured));
  daemon.start();
  const auto set = [&](std::string_view name, std::string_view scheme, json fields) {
    daemon.set_credential(name, {{"connector", "http"},
                                 {"scheme", scheme},
                                 {"base_url", api.url("/v1")},
                                 {"fields", std::move(fields)}});
  };
  set("shop", "header", {{"header", "X-Own"}, {"key", "k-0123456789"}});
  set("list", "query", {{"parameter", "token"}, {"key", "k-0123456789"}});
  set("camera", "digest", {{"username", "ada"}, {"password", "p-0123456789"}});

  CHECK(run(daemon, "header").at("output") == json::parse(R"([200, {"state": "open"}])"));
  CHECK(run(daemon, "query").at("output").at(0) == 200);
  CHECK(run(daemon, "digest").at("output") == json::parse(R"([200, "hi"])"));
  const auto kept = run(daemon, "elsewhere");
  CHECK_THAT(kept.at("failure").at("message").get<std::string>(),
             Catch::Contains("is only sent to http://127.0.0.1:"));
  CHECK(daemon.log().find("0123456789") == std::string::npos);
}

TEST_CASE("http credentials: one without a base URL is refused") {
  DaemonProcess daemon;
  daemon.start();
  const json credential{
      {"connector", "http"}, {"scheme", "bearer"}, {"fields", {{"token", "t-0123456789"}}}};
  const auto refused = daemon.call("PUT", "/api/v1/credentials/shop", credential);
  CHECK(refused->status == 400);
  CHECK_THAT(refused->body, Catch::Contains("the base URL is missing"));
  const auto schemes = daemon.get("/api/v1/connectors/http").at("auth");
  CHECK(schemes.size() == 14);
  for (const auto& scheme : schemes) CHECK(scheme.at("needs_base_url") == true);
}

}  // namespace tba::tests
