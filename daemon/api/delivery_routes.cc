#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/http/problem.h"
#include "shared/value/json.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

/// How many runs of one delivery are shown: one for each trigger.
constexpr std::size_t kRunsShown = 200;

asio::awaitable<http::Response> list(Services& services, http::Request request) {
  const auto page = page_request(request);
  if (!page) co_return http::problem(page.error());
  storage::DeliveryFilter filter;
  if (const auto workflow = request.query_value("workflow")) filter.workflow = *workflow;
  if (const auto event = request.query_value("event")) filter.event = *event;
  const auto deliveries = co_await services.store.deliveries(filter, *page);
  if (!deliveries) co_return http::problem(deliveries.error());
  co_return json(200, page_view(*deliveries, delivery_summary));
}

asio::awaitable<http::Response> show(Services& services, http::Request request) {
  const auto& text = request.parameter("id");
  const auto id = DeliveryId::parse(text);
  std::optional<storage::Delivery> found;
  if (id) {
    auto delivery = co_await services.store.delivery(*id);
    if (!delivery) co_return http::problem(delivery.error());
    found = std::move(*delivery);
  }
  if (!found) {
    co_return http::problem(404, "not_found", "there is no delivery '" + text + "'",
                            "`webhook list` shows which there are");
  }
  storage::RunFilter filter;
  filter.delivery = id;
  storage::PageRequest all;
  all.limit = kRunsShown;
  const auto runs = co_await services.store.runs(filter, all);
  if (!runs) co_return http::problem(runs.error());
  ArrayBuilder ids;
  for (const auto& run : runs->items) ids.add(Value::string(run.id.text()));

  const auto body = parse_json(found->body);
  Value view = delivery_summary(*found);
  view = std::move(view).with_member("headers", json_view(found->headers_json));
  view = std::move(view).with_member("query", json_view(found->query_json));
  view = std::move(view).with_member("body", body ? *body : Value());
  view = std::move(view).with_member("body_text", body ? Value() : Value::string(found->body));
  co_return json(200, std::move(view).with_member("runs", std::move(ids).build()));
}

asio::awaitable<http::Response> rejections(Services& services, http::Request request) {
  const auto page = page_request(request);
  if (!page) co_return http::problem(page.error());
  const auto rejections = co_await services.store.rejections(*page);
  if (!rejections) co_return http::problem(rejections.error());
  co_return json(200, page_view(*rejections, rejection_view));
}

}  // namespace

std::vector<http::Route> delivery_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/deliveries", list, {"workflow", "event", "limit", "cursor"}),
      route(services, "GET", "/api/v1/deliveries/{id}", show),
      route(services, "GET", "/api/v1/rejections", rejections, {"limit", "cursor"}),
  };
}

}  // namespace tba::api
