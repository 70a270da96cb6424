#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/engine/trigger_context.h"
#include "daemon/http/problem.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

/// How many runs of one delivery are shown: one for each trigger that took it, and its replays.
constexpr std::size_t kRunsShown = 200;

Error no_such_delivery(const std::string& id) {
  return {ErrorCode::not_found, "there is no delivery '" + id + "'",
          "`webhook list` shows which there are"};
}

/// The delivery with what became of it.
asio::awaitable<Result<Value>> with_runs(Services& services, storage::Delivery delivery) {
  storage::RunFilter filter;
  filter.delivery = delivery.id;
  storage::PageRequest all;
  all.limit = kRunsShown;
  const auto runs = co_await services.store.runs(filter, all);
  if (!runs) co_return runs.error();
  co_return delivery_view(delivery, runs->items);
}

Result<storage::DeliveryFilter> delivery_filter(const http::Request& request) {
  storage::DeliveryFilter filter;
  if (const auto workflow = request.query_value("workflow")) filter.workflow = *workflow;
  if (const auto event = request.query_value("event")) filter.event = *event;
  if (const auto unmatched = request.query_value("unmatched")) {
    if (*unmatched != "true" && *unmatched != "false")
      return Error{ErrorCode::invalid, "`unmatched` is true or false", ""};
    filter.unmatched = *unmatched == "true";
  }
  return filter;
}

asio::awaitable<http::Response> list(Services& services, http::Request request) {
  const auto page = page_request(request);
  if (!page) co_return http::problem(page.error());
  const auto filter = delivery_filter(request);
  if (!filter) co_return http::problem(filter.error());
  auto deliveries = co_await services.store.deliveries(*filter, *page);
  if (!deliveries) co_return http::problem(deliveries.error());
  storage::Page<Value> views;
  views.next = deliveries->next;
  for (auto& delivery : deliveries->items) {
    auto view = co_await with_runs(services, std::move(delivery));
    if (!view) co_return http::problem(view.error());
    views.items.push_back(std::move(*view));
  }
  co_return json(200, page_view(views, [](const Value& view) { return view; }));
}

asio::awaitable<http::Response> show(Services& services, http::Request request) {
  const auto& text = request.parameter("id");
  const auto id = DeliveryId::parse(text);
  if (!id) co_return http::problem(no_such_delivery(text));
  const auto found = co_await services.store.delivery(*id);
  if (!found) co_return http::problem(found.error());
  if (!*found) co_return http::problem(no_such_delivery(text));
  const auto& delivery = **found;
  auto summary = co_await with_runs(services, delivery);
  if (!summary) co_return http::problem(summary.error());

  const auto body = engine::body_of(delivery);
  Value view = std::move(*summary);
  view = std::move(view).with_member("headers", json_view(delivery.headers_json));
  view = std::move(view).with_member("query", json_view(delivery.query_json));
  view = std::move(view).with_member("body", body ? *body : Value());
  co_return json(
      200, std::move(view).with_member("body_text", body ? Value() : Value::string(delivery.body)));
}

asio::awaitable<http::Response> replay(Services& services, http::Request request) {
  const auto& text = request.parameter("id");
  const auto id = DeliveryId::parse(text);
  if (!id) co_return http::problem(no_such_delivery(text));
  const auto body = object_body(request, {"workflow"});
  if (!body) co_return body.error();
  auto workflow = text_member(*body, "workflow");
  if (!workflow) co_return http::problem(workflow.error());
  const auto replay = co_await services.inbox.replay(*id, std::move(*workflow));
  if (!replay) co_return http::problem(replay.error());
  co_return json(201, Value::object({{"delivery", Value::string(id->text())},
                                     {"workflow", Value::string(replay->workflow)},
                                     {"runs", array_view(replay->runs, [](const RunId& run) {
                                        return Value::string(run.text());
                                      })}}));
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
      route(services, "GET", "/api/v1/deliveries", list,
            {"workflow", "event", "unmatched", "limit", "cursor"}),
      route(services, "GET", "/api/v1/deliveries/{id}", show),
      route(services, "POST", "/api/v1/deliveries/{id}/replay", replay),
      route(services, "GET", "/api/v1/rejections", rejections, {"limit", "cursor"}),
  };
}

}  // namespace tba::api
