#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/auth/logins.h"
#include "daemon/http/problem.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

/// Longer than a token endpoint is waited for.
constexpr std::chrono::seconds kLoginTime{75};

Value begun_view(const auth::Logins::Begun& begun) {
  const bool is_done = begun.id.empty();
  return Value::object({{"id", text_view(begun.id)},
                        {"done", Value::boolean(is_done)},
                        {"grant", Value::string(name_of(begun.grant))},
                        {"url", text_view(begun.url)},
                        {"complete_url", text_view(begun.complete_url)},
                        {"user_code", text_view(begun.user_code)},
                        {"interval", Value::integer(begun.interval.count())},
                        {"expires_at", is_done ? Value() : time_view(begun.expires_at)}});
}

asio::awaitable<http::Response> begin(Services& services, http::Request request) {
  const auto body = object_body(request, {"grant", "redirect_uri"});
  if (!body) co_return body.error();
  const auto grant_name = text_member(*body, "grant");
  if (!grant_name) co_return http::problem(grant_name.error());
  auto redirect_uri = text_member(*body, "redirect_uri");
  if (!redirect_uri) co_return http::problem(redirect_uri.error());
  std::optional<OAuth2Scheme::Grant> grant;
  if (!grant_name->empty()) {
    grant = grant_named(*grant_name);
    if (!grant) co_return http::problem(400, "invalid", "there is no grant '" + *grant_name + "'");
  }
  const auto begun =
      co_await services.logins.begin(request.parameter("name"), grant, std::move(*redirect_uri));
  if (!begun) co_return http::problem(begun.error());
  co_return json(200, begun_view(*begun));
}

asio::awaitable<http::Response> go_on(Services& services, http::Request request) {
  const auto body = object_body(request, {"url"});
  vault::wipe(request.body);
  if (!body) co_return body.error();
  auto url = text_member(*body, "url");
  if (!url) co_return http::problem(url.error());
  const auto progress = co_await services.logins.go_on(request.parameter("name"),
                                                       request.parameter("id"), std::move(*url));
  if (!progress) co_return http::problem(progress.error());
  co_return json(200, Value::object({{"done", Value::boolean(progress->is_done)},
                                     {"problem", text_view(progress->problem)}}));
}

}  // namespace

std::vector<http::Route> login_routes(Services& services) {
  auto begin_route = route(services, "POST", "/api/v1/credentials/{name}/login", begin);
  auto go_on_route = route(services, "POST", "/api/v1/credentials/{name}/login/{id}", go_on);
  begin_route.deadline = kLoginTime;
  go_on_route.deadline = kLoginTime;
  return {std::move(begin_route), std::move(go_on_route)};
}

}  // namespace tba::api
