// Webhooks, polls and events as the world meets them: over loopback, with a daemon that is killed.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/github.h"
#include "tests/support/http_server.h"

namespace tba::tests {

namespace {

using nlohmann::json;

constexpr auto kSecret = "It's a Secret to Everybody";

httplib::Client client_of(const DaemonProcess& daemon) {
  return httplib::Client("127.0.0.1", daemon.port());
}

/// An API that lists more and more orders, the newest first, and says how many it has listed.
class FakeShop {
 public:
  FakeShop() : server_([this](httplib::Server& server) { routes(server); }) {}

  std::string url() const { return server_.url(""); }
  void add_order() { ++orders_; }
  int polls() const { return polls_; }

 private:
  void routes(httplib::Server& server) {
    server.Get("/orders", [this](const httplib::Request&, httplib::Response& response) {
      ++polls_;
      json list = json::array();
      for (int id = orders_; id > 0; --id) list.push_back({{"id", id}});
      response.set_content(json{{"orders", list}}.dump(), "application/json");
    });
  }

  std::atomic<int> orders_ = 3;
  std::atomic<int> polls_ = 0;
  HttpServer server_;
};

void write_connector(const DaemonProcess& daemon, const std::string& url) {
  const auto folder = daemon.home() / "connectors";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "shop.yaml") << fmt::format(R"(
connector: shop
base_url: {}
endpoints: {{ list-orders: {{ method: GET, path: /orders }} }}
)",
                                                     url);
}

constexpr auto kPoll = R"(
on:
  poll:
    call: shop/list-orders
    every: 1s
    items: ${{ .trigger.body.orders | reverse }}
    key: ${{ .item.id }}
steps: [ { id: note, set: { id: "${{ .trigger.body.id }}" } } ]
)";

/// How often each order has had a run.
std::map<int, int> runs_of_orders(const DaemonProcess& daemon) {
  std::map<int, int> runs;
  for (const auto& run : daemon.list("/api/v1/runs?limit=200")) {
    const auto whole = daemon.get("/api/v1/runs/" + run.at("id").get<std::string>());
    ++runs[whole.at("trigger_context").at("body").at("id").get<int>()];
  }
  return runs;
}

}  // namespace

TEST_CASE("end to end: webhooks take signed JSON, forms and raw bodies, and answer with results") {
  DaemonProcess daemon;
  daemon.start();
  daemon.set_credential(
      "hook", {{"connector", "github"}, {"scheme", "webhook"}, {"fields", {{"secret", kSecret}}}});
  daemon.write_workflow("signed", R"(
on: { webhook: { connector: github, event: issues.opened, credential: hook, respond: result } }
steps: [ { id: note, set: { title: "${{ .trigger.body.issue.title }}" } } ]
output: { status: 201, headers: { X-Title: "${{ .steps.note.body.title }}" }, body: done }
)");
  daemon.write_workflow("open", R"(
on:
  - webhook: { verify: none, path: echo, methods: [POST, GET], respond: result }
  - webhook: { verify: none, path: slow, respond: result, respond_within: 100ms }
steps:
  - { if: "${{ .trigger.path == \"slow\" }}", wait: { for: 1h } }
output: { body: "${{ .trigger.body }}", query: "${{ .trigger.query }}" }
)");
  REQUIRE(daemon.call("POST", "/api/v1/reload")->status < 300);

  auto client = client_of(daemon);
  const std::string body = R"({"action": "opened", "issue": {"title": "Bug"}})";
  const auto headers = signed_github_headers("issues", "d-1", kSecret, body);
  const auto answered = client.Post("/hooks/signed", headers, body, "application/json");
  REQUIRE(answered);
  CHECK(answered->status == 201);
  CHECK(answered->body == "done");
  CHECK(answered->get_header_value("X-Title") == "Bug");

  const auto form =
      client.Post("/hooks/echo?x=1", "a=1&a=2&b=x+y", "application/x-www-form-urlencoded");
  REQUIRE(form);
  CHECK(json::parse(form->body) ==
        json::parse(R"({"body": {"a": ["1", "2"], "b": "x y"}, "query": {"x": "1"}})"));
  const auto raw = client.Post("/hooks/echo", std::string("\0\xff", 2), "application/octet-stream");
  REQUIRE(raw);
  CHECK(json::parse(raw->body).at("body") == json{{"base64", "AP8="}});
  const auto got = client.Get("/hooks/echo?y=2");
  REQUIRE(got);
  CHECK(json::parse(got->body) == json::parse(R"({"body": null, "query": {"y": "2"}})"));
  const auto head = client.Head("/hooks/echo");
  REQUIRE(head);
  CHECK(head->status == 405);
  const auto slow = client.Post("/hooks/slow", "{}", "application/json");
  REQUIRE(slow);
  CHECK(slow->status == 202);
  CHECK(json::parse(slow->body).at("runs").size() == 1);

  const auto delivery = json::parse(daemon.call("GET", "/api/v1/deliveries?workflow=signed")->body)
                            .at("items")
                            .at(0)
                            .at("id")
                            .get<std::string>();
  const auto replayed = daemon.call("POST", "/api/v1/deliveries/" + delivery + "/replay");
  CHECK(replayed->status == 201);
  const auto run = daemon.finished_run(json::parse(replayed->body).at("runs").at(0));
  CHECK(run.at("trigger") == "replay");
  CHECK(run.at("output").at("status") == 201);
  CHECK(daemon.stop() == 0);
}

TEST_CASE("end to end: a poll starts each item once, however often the daemon is killed") {
  FakeShop shop;
  DaemonProcess daemon;
  write_connector(daemon, shop.url());
  daemon.write_workflow("orders", kPoll);
  daemon.start();
  REQUIRE(eventually([&] { return shop.polls() > 0; }));
  const int first = 3;
  REQUIRE(eventually([&] { return shop.polls() > 1; }));  // the baseline is stored by then
  int orders = first;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 20; ++i, ++orders) shop.add_order();
    const int polls = shop.polls();
    REQUIRE(eventually([&] { return shop.polls() > polls; }));
    daemon.kill();
    daemon.start();
  }
  REQUIRE(eventually([&] { return runs_of_orders(daemon).size() == std::size_t(orders - first); }));
  const int polls = shop.polls();
  REQUIRE(eventually([&] { return shop.polls() > polls + 1; }));
  for (const auto& [id, runs] : runs_of_orders(daemon)) {
    CAPTURE(id);
    CHECK(id > first);
    CHECK(runs == 1);
  }
  daemon.stop();
}

TEST_CASE("end to end: an emitted event starts runs, and the daemon tells of its own start") {
  DaemonProcess daemon;
  daemon.write_workflow("listens", R"(
on: { event: { name: [orders.created, daemon.started] } }
steps: [ { id: note, set: { event: "${{ .trigger.event }}" } } ]
)");
  daemon.start();
  const auto emitted =
      daemon.call("POST", "/api/v1/events", {{"name", "orders.created"}, {"data", {{"id", 7}}}});
  REQUIRE(emitted->status == 201);
  const auto run = daemon.finished_run(json::parse(emitted->body).at("runs").at(0));
  CHECK(run.at("trigger_context").at("body") == json{{"id", 7}});
  daemon.kill();
  daemon.start();
  const auto started = [&] { return daemon.list("/api/v1/events?name=daemon.started").size(); };
  REQUIRE(eventually([&] { return started() == 2; }));
  REQUIRE(eventually([&] { return daemon.list("/api/v1/runs").size() == 3; }));
  daemon.stop();
}

}  // namespace tba::tests
