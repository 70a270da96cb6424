// Lists as APIs give them, page by page: over loopback, with a daemon that is killed on the way.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/http_server.h"

namespace tba::tests {

namespace {

using nlohmann::json;

constexpr int kPageSize = 5;

/// An API with one list of orders, which gives it in as many ways as there are.
class FakeOrders {
 public:
  explicit FakeOrders(int count)
      : count_(count), server_([this](httplib::Server& server) { routes(server); }) {}

  std::string url() const { return server_.url(""); }
  /// Requests beyond that many for pages are left unanswered until open() is called.
  void close_after(int pages) { pages_left_ = pages; }
  void open() { pages_left_ = 1'000'000; }
  int refused() const { return refused_; }
  /// How often each order was marked.
  std::map<int, int> marks() const {
    std::lock_guard lock(mutex_);
    return marks_;
  }

 private:
  using Request = httplib::Request;
  using Response = httplib::Response;

  json page_from(int first) const {
    json orders = json::array();
    for (int id = first; id < std::min(first + kPageSize, count_); ++id)
      orders.push_back({{"id", id}});
    return orders;
  }

  static int number_in(const Request& request, const char* name, int otherwise = 0) {
    return request.has_param(name) ? std::stoi(request.get_param_value(name)) : otherwise;
  }

  static void answer(Response& response, const json& body) {
    response.set_content(body.dump(), "application/json");
  }

  bool is_closed(Response& response) {
    if (pages_left_-- > 0) return false;
    ++refused_;
    response.status = 503;
    return true;
  }

  void routes(httplib::Server& server) {
    server.Get("/link", [this](const Request& request, Response& response) {
      if (is_closed(response)) return;
      const int first = number_in(request, "from");
      if (first + kPageSize < count_) {
        response.set_header("Link", fmt::format("<{}/link?from={}>; rel=\"next\", <{}/link>; "
                                                "rel=\"first\"",
                                                url(), first + kPageSize, url()));
      }
      answer(response, page_from(first));
    });
    server.Get("/next", [this](const Request& request, Response& response) {
      const int first = number_in(request, "from");
      const bool has_more = first + kPageSize < count_;
      answer(response,
             {{"orders", page_from(first)},
              {"next", has_more ? json(fmt::format("?from={}", first + kPageSize)) : json()}});
    });
    server.Post("/cursor", [this](const Request& request, Response& response) {
      const auto asked = json::parse(request.body);
      const int first =
          asked.contains("cursor") ? std::stoi(asked["cursor"].get<std::string>()) : 0;
      const bool has_more = first + kPageSize < count_;
      answer(response, {{"orders", page_from(first)},
                        {"meta", {{"cursor", has_more ? std::to_string(first + kPageSize) : ""}}}});
    });
    server.Get("/keyset", [this](const Request& request, Response& response) {
      const int first = number_in(request, "after", -1) + 1;
      answer(response, {{"orders", page_from(first)}, {"more", first + kPageSize < count_}});
    });
    server.Get("/page", [this](const Request& request, Response& response) {
      answer(response, page_from((number_in(request, "page") - 1) * kPageSize));
    });
    server.Get("/offset", [this](const Request& request, Response& response) {
      answer(response, page_from(number_in(request, "offset")));
    });
    server.Get("/elsewhere", [this](const Request&, Response& response) {
      response.set_header("Link", "<http://127.0.0.2:1/link>; rel=next");
      answer(response, page_from(0));
    });
    server.Get("/circle", [this](const Request&, Response& response) {
      response.set_header("Link", "</circle?page=2>; rel=next");
      answer(response, page_from(0));
    });
    server.Put(R"(/orders/(\d+)/mark)", [this](const Request& request, Response& response) {
      std::lock_guard lock(mutex_);
      ++marks_[std::stoi(request.matches[1])];
      answer(response, json::object());
    });
  }

  const int count_;
  std::atomic<int> pages_left_ = 1'000'000;
  std::atomic<int> refused_ = 0;
  mutable std::mutex mutex_;
  std::map<int, int> marks_;
  HttpServer server_;
};

constexpr auto kConnector = R"(
connector: shop
base_url: BASE_URL
pagination: { style: link_header }
endpoints:
  link: { method: GET, path: /link }
  elsewhere: { method: GET, path: /elsewhere }
  circle: { method: GET, path: /circle }
  broken: { method: GET, path: /next }
  next:
    method: GET
    path: /next
    pagination: { style: next_url, items: "${{ .body.orders }}", next: "${{ .body.next }}" }
  cursor:
    method: POST
    path: /cursor
    effect: repeat
    parameters: { cursor: { in: body, type: string } }
    pagination: { style: cursor, parameter: cursor, items: "${{ .body.orders }}", next: "${{ .body.meta.cursor }}" }
  keyset:
    method: GET
    path: /keyset
    parameters: { after: { in: query, type: integer } }
    pagination: { style: keyset, parameter: after, items: "${{ .body.orders }}", key: "${{ .id }}", more: "${{ .body.more }}" }
  page:
    method: GET
    path: /page
    parameters: { page: { in: query, type: integer } }
    pagination: { style: page, parameter: page }
  offset:
    method: GET
    path: /offset
    parameters: { offset: { in: query, type: integer } }
    pagination: { style: offset, parameter: offset }
  mark: { method: PUT, path: "/orders/{id}/mark", parameters: { id: { in: path, required: true, type: integer } } }
)";

void write_connector(const DaemonProcess& daemon, const std::string& url) {
  const auto folder = daemon.home() / "connectors";
  std::filesystem::create_directories(folder);
  std::string text = kConnector;
  text.replace(text.find("BASE_URL"), 8, url);
  std::ofstream(folder / "shop.yaml") << text;
}

json run_of(const DaemonProcess& daemon, const std::string& workflow) {
  const auto id = daemon.start_run(workflow);
  return daemon.finished_run(id);
}

/// How many items of the loop are done, on disk.
int items_done(const DaemonProcess& daemon, const std::string& run) {
  const auto steps = daemon.get("/api/v1/runs/" + run).at("steps");
  return static_cast<int>(std::ranges::count_if(steps, [](const json& step) {
    return step.at("id").get<std::string>().starts_with("orders[") &&
           step.at("status") == "succeeded";
  }));
}

}  // namespace

TEST_CASE("pagination: every style gives the whole list, and what is wrong with one is told") {
  FakeOrders orders(12);
  DaemonProcess daemon;
  write_connector(daemon, orders.url());
  for (const std::string style : {"link", "next", "cursor", "keyset", "page", "offset"}) {
    daemon.write_workflow(style, fmt::format(R"(
on: {{ manual: {{}} }}
steps: [ {{ id: all, call: shop/{}, paginate: true }} ]
output: ${{{{ [ .steps.all.complete, .steps.all.body[].id ] }}}}
)",
                                             style));
  }
  for (const std::string trouble : {"elsewhere", "circle"}) {
    daemon.write_workflow(trouble, fmt::format(R"(
on: {{ manual: {{}} }}
steps: [ {{ id: all, call: shop/{}, paginate: true }} ]
)",
                                               trouble));
  }
  daemon.start();
  for (const std::string style : {"link", "next", "cursor", "keyset", "page", "offset"}) {
    CAPTURE(style);
    const auto run = run_of(daemon, style);
    CHECK(run.at("output") == json::parse("[true,0,1,2,3,4,5,6,7,8,9,10,11]"));
  }
  const auto elsewhere = run_of(daemon, "elsewhere");
  CHECK_THAT(elsewhere.at("failure").at("message").get<std::string>(),
             Catch::Matchers::Contains("at another origin"));
  const auto circle = run_of(daemon, "circle");
  CHECK_THAT(circle.at("failure").at("message").get<std::string>(),
             Catch::Matchers::Contains("leads back to one that was there before"));
}

TEST_CASE("pagination: by hand pages are asked for one by one") {
  FakeOrders orders(7);
  DaemonProcess daemon;
  write_connector(daemon, orders.url());
  daemon.start();
  const auto ask = [&](const std::string& endpoint, const json& page) {
    const json parameters = endpoint == "mark" ? json{{"id", 1}} : json::object();
    return daemon.call("POST", "/api/v1/connectors/shop/endpoints/" + endpoint + "/call",
                       {{"parameters", parameters}, {"page", page}});
  };
  const auto first = json::parse(ask("link", nullptr)->body);
  CHECK(first.at("body").size() == 5);
  const auto second = json::parse(ask("link", first.at("next"))->body);
  CHECK(second.at("body") == json::parse(R"([{"id": 5}, {"id": 6}])"));
  CHECK(second.at("next").is_null());
  const auto elsewhere = ask("link", {{"url", "http://127.0.0.2:1/link"}});
  CHECK(elsewhere->status == 400);
  CHECK_THAT(elsewhere->body, Catch::Matchers::Contains("at another origin"));
  CHECK(ask("mark", nullptr)->status == 400);
  CHECK(orders.marks().empty());
  const auto no_list = ask("broken", nullptr);
  CHECK(no_list->status == 502);
  CHECK_THAT(no_list->body, Catch::Matchers::Contains("not an array of items"));
}

TEST_CASE("pagination: a loop over pages is killed at every page, and does each item once") {
  FakeOrders orders(32);
  DaemonProcess daemon;
  write_connector(daemon, orders.url());
  daemon.write_workflow("mark", R"(
on: { manual: {} }
steps:
  - id: orders
    for_each: { call: shop/link, retry: { attempts: 100, initial: 100ms, max: 100ms } }
    max_parallel: 3
    steps: [ { call: shop/mark, with: { id: "${{ .item.id }}" } } ]
output: ${{ .steps.orders.body }}
)");
  orders.close_after(1);
  daemon.start();
  const auto id = daemon.start_run("mark");
  for (int page = 1; page < 7; ++page) {
    const int before = orders.refused();
    REQUIRE(eventually(
        [&] { return orders.refused() > before && items_done(daemon, id) == page * kPageSize; }));
    daemon.kill();
    orders.close_after(1);
    daemon.start();
  }
  orders.open();
  CHECK(daemon.finished_run(id).at("output") ==
        json{{"items", 32}, {"pages", 7}, {"complete", true}});
  const auto marks = orders.marks();
  CHECK(marks.size() == 32);
  for (const auto& [order, count] : marks) {
    CAPTURE(order);
    CHECK(count == 1);
  }
}

}  // namespace tba::tests
