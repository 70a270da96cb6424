#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/http/problem.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

Value event_view(const storage::Event& event) {
  return Value::object({{"id", Value::string(event.id.text())},
                        {"at", time_view(event.at)},
                        {"name", Value::string(event.name)},
                        {"source", text_view(event.source)},
                        {"data", json_view(event.data_json)}});
}

asio::awaitable<http::Response> list(Services& services, http::Request request) {
  const auto page = page_request(request);
  if (!page) co_return http::problem(page.error());
  storage::EventFilter filter;
  if (const auto name = request.query_value("name")) filter.name = *name;
  const auto events = co_await services.store.events(filter, *page);
  if (!events) co_return http::problem(events.error());
  co_return json(200, page_view(*events, event_view));
}

asio::awaitable<http::Response> emit(Services& services, http::Request request) {
  const auto body = object_body(request, {"name", "data"});
  if (!body) co_return body.error();
  auto name = text_member(*body, "name");
  if (!name) co_return http::problem(name.error());
  const Value* given = body->find("data");
  auto data = given ? *given : Value();
  const auto emitted = co_await services.events.emit(*name, std::move(data), request.peer.text());
  if (!emitted) co_return http::problem(emitted.error());
  co_return json(201, Value::object({{"id", Value::string(emitted->id.text())},
                                     {"name", Value::string(*name)},
                                     {"runs", array_view(emitted->runs, [](const RunId& run) {
                                        return Value::string(run.text());
                                      })}}));
}

}  // namespace

std::vector<http::Route> event_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/events", list, {"name", "limit", "cursor"}),
      route(services, "POST", "/api/v1/events", emit),
  };
}

}  // namespace tba::api
