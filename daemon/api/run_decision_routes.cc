#include <array>
#include <utility>

#include <pwd.h>

#include "daemon/api/routes.h"
#include "daemon/api/run_ids.h"
#include "daemon/api/views.h"
#include "daemon/http/problem.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

using Decision = engine::Engine::Decision;

constexpr std::array<std::pair<std::string_view, Decision>, 3> kDecisions{{
    {"repeat", Decision::repeat},
    {"skip", Decision::skip},
    {"fail", Decision::fail},
}};

/// Who asks: the name of the user on this machine.
std::string user_of(const http::Peer& peer) {
  if (!peer.local) return peer.text();
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(peer.local->uid, &entry, buffer.data(), buffer.size(), &found);
  return found ? found->pw_name : peer.text();
}

/// A text of the body, empty where it is not there.
Result<std::string> optional_text(const Value& body, std::string_view name) {
  const Value* member = body.find(name);
  if (!member || member->is_null()) return std::string();
  return text_member(body, name);
}

asio::awaitable<http::Response> resume(Services& services, http::Request request) {
  const auto body = object_body(request, {"decision", "step"});
  if (!body) co_return body.error();
  const auto wanted = text_member(*body, "decision");
  if (!wanted) co_return http::problem(wanted.error());
  auto step = optional_text(*body, "step");
  if (!step) co_return http::problem(step.error());
  const auto id = co_await run_id(services, request.parameter("id"));
  if (!id) co_return http::problem(id.error());
  for (const auto& [name, decision] : kDecisions) {
    if (name != *wanted) continue;
    auto done =
        co_await services.engine.resume(*id, std::move(*step), decision, user_of(request.peer));
    if (!done) co_return http::problem(done.error());
    co_return json(
        202, Value::object({{"id", Value::string(id->text())}, {"decision", Value::string(name)}}));
  }
  co_return http::problem(400, "invalid", "'decision' is repeat, skip or fail");
}

asio::awaitable<http::Response> retry(Services& services, http::Request request) {
  const auto body = object_body(request, {"from", "latest"});
  if (!body) co_return body.error();
  engine::RetryRequest wanted;
  auto from = optional_text(*body, "from");
  if (!from) co_return http::problem(from.error());
  wanted.from = std::move(*from);
  if (const Value* latest = body->find("latest"); latest && !latest->is_null()) {
    if (!latest->is_boolean()) co_return http::problem(400, "invalid", "'latest' is true or false");
    wanted.latest = latest->as_boolean();
  }
  wanted.by = user_of(request.peer);
  const auto id = co_await run_id(services, request.parameter("id"));
  if (!id) co_return http::problem(id.error());
  const auto made = co_await services.engine.retry(*id, std::move(wanted));
  if (!made) co_return http::problem(made.error());
  auto response = json(201, Value::object({{"id", Value::string(made->text())},
                                           {"retry_of", Value::string(id->text())}}));
  response.headers.add("Location", "/api/v1/runs/" + made->text());
  co_return response;
}

asio::awaitable<http::Response> decide(Services& services, http::Request request,
                                       bool is_approved) {
  const auto body = object_body(request, {"step", "comment"});
  if (!body) co_return body.error();
  auto step = optional_text(*body, "step");
  if (!step) co_return http::problem(step.error());
  auto comment = optional_text(*body, "comment");
  if (!comment) co_return http::problem(comment.error());
  const auto id = co_await run_id(services, request.parameter("id"));
  if (!id) co_return http::problem(id.error());
  engine::Engine::Verdict verdict{is_approved, user_of(request.peer), std::move(*comment)};
  auto done = co_await services.engine.decide(*id, std::move(*step), std::move(verdict));
  if (!done) co_return http::problem(done.error());
  co_return json(202, Value::object({{"id", Value::string(id->text())},
                                     {"approved", Value::boolean(is_approved)}}));
}

asio::awaitable<http::Response> approve(Services& services, http::Request request) {
  return decide(services, std::move(request), true);
}

asio::awaitable<http::Response> reject(Services& services, http::Request request) {
  return decide(services, std::move(request), false);
}

}  // namespace

std::vector<http::Route> run_decision_routes(Services& services) {
  return {
      route(services, "POST", "/api/v1/runs/{id}/resume", resume),
      route(services, "POST", "/api/v1/runs/{id}/retry", retry),
      route(services, "POST", "/api/v1/runs/{id}/approve", approve),
      route(services, "POST", "/api/v1/runs/{id}/reject", reject),
  };
}

}  // namespace tba::api
