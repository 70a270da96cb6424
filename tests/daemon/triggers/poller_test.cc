#include "daemon/triggers/poller.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/triggers/polled_pages.h"
#include "shared/time_format.h"
#include "shared/value/json.h"
#include "tests/support/daemon_world.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/result.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using tba::Value;
using tba::tests::DaemonWorld;

namespace {

const std::string kConnector = R"(
connector: shop
base_url: https://shop.example
auth: { token: { type: bearer } }
endpoints:
  list-orders: { method: GET, path: /orders, parameters: { since: { in: query, type: string } } }
)";

std::string poll(const std::string& more) {
  return "on: { poll: { call: shop/list-orders, every: 5m, key: '${{ .item.id }}'" + more +
         " } }\n" + "steps: [ { id: note, set: { item: '${{ .trigger.body }}' } } ]\n";
}

/// A daemon that polls for orders.
struct World : DaemonWorld {
  explicit World(const std::string& more = "", const std::string& first = "[]") {
    engine.folder.write("connectors/shop.yaml", kConnector);
    give(first);
    workflow("orders", poll(more));
    pass(0s);
  }

  /// What polls are answered from now on.
  void give(const std::string& body, int status = 200, tba::net::HeaderFields headers = {}) {
    headers.emplace_back("content-type", "application/json");
    http.answer_only(tba::net::HttpResponse{status, std::move(headers), body});
  }
  /// Has the next poll answered so.
  void next(const std::string& body, int status = 200) {
    give(body, status);
    pass(5min);
  }

  /// The items of the runs there were, the oldest first.
  std::string items() {
    std::string text;
    const auto runs = get("/api/v1/runs?limit=200").at("items");
    for (auto run = runs.items().rbegin(); run != runs.items().rend(); ++run) {
      const auto whole = get("/api/v1/runs/" + std::string(run->find("id")->as_string()));
      text += whole.json("steps.0.result.body.item");
    }
    return text;
  }

  tba::triggers::Poller::Entry entry() { return poller().entries().at(0); }
};

}  // namespace

TEST_CASE("poller: what is there at first is remembered, what comes later starts a run each") {
  World world("", R"([{"id": 1}, {"id": 2}])");
  CHECK(world.http.requests.size() == 1);
  CHECK(world.http.requests[0].url == "https://shop.example/orders");
  CHECK(world.items().empty());
  world.next(R"([{"id": 1}, {"id": 2}, {"id": 4}, {"id": 3}, {"id": 4}])");
  CHECK(world.items() == R"({"id":4}{"id":3})");
  world.pass(20min);
  CHECK(world.http.requests.size() == 6);
  CHECK(world.items() == R"({"id":4}{"id":3})");
  const auto run = world.get("/api/v1/runs/latest");
  CHECK(run.json("trigger") == R"("poll")");
  CHECK(run.json("trigger_context.name") == R"("shop")");
  CHECK(run.json("trigger_context.delivery_id") == R"("3")");
}

TEST_CASE("poller: without a baseline the first items start runs too") {
  World world(", baseline: false", R"([{"id": "a"}, {"id": true}, {"id": 1.5}])");
  CHECK(world.items() == R"({"id":"a"}{"id":true}{"id":1.5})");
}

TEST_CASE("poller: items, match and cursor are expressions on the answer") {
  World world(
      ", baseline: false, with: { since: '${{ .trigger.cursor // \"0\" }}' }"
      ", items: '${{ .trigger.body.list | reverse }}', match: '${{ .item.paid }}'"
      ", cursor: '${{ .trigger.headers[\"x-next\"] }}'",
      "{}");
  CHECK_THAT(world.entry().problem, Contains("list"));
  world.give(
      R"({"list": [{"id": 3, "paid": true}, {"id": 2, "paid": false}, {"id": 1, "paid": true}]})",
      200, {{"x-next", "17"}});
  world.pass(5min);
  CHECK(world.entry().problem.empty());
  CHECK(world.items() == R"({"id":1,"paid":true}{"id":3,"paid":true})");
  CHECK(world.http.requests.back().url == "https://shop.example/orders?since=0");
  world.pass(5min);
  CHECK(world.http.requests.back().url == "https://shop.example/orders?since=17");
  world.restart();
  world.pass(5min);
  CHECK(world.http.requests.back().url == "https://shop.example/orders?since=17");
  CHECK(world.items() == R"({"id":1,"paid":true}{"id":3,"paid":true})");
}

TEST_CASE("poller: a restart polls when it is time, and starts nothing twice") {
  World world("", R"([{"id": 1}])");
  world.next(R"([{"id": 1}, {"id": 2}])");
  const auto polls = world.http.requests.size();
  world.pass(2min);
  world.restart();
  world.pass(2min);
  CHECK(world.http.requests.size() == polls);
  world.pass(1min);
  CHECK(world.http.requests.size() == polls + 1);
  world.engine.clock.advance(10h);
  world.restart();
  world.pass(0s);
  CHECK(world.http.requests.size() == polls + 2);
  CHECK(world.items() == R"({"id":2})");
}

TEST_CASE("poller: a clock that was set back does not keep it from polling") {
  World world;
  world.engine.clock.advance(-10h);
  world.restart();
  world.pass(5min);
  CHECK(world.http.requests.size() == 2);
}

TEST_CASE("poller: what fails is tried again later and later, and nothing is lost by it") {
  World world("", R"([{"id": 1}])");
  world.next("oops", 500);
  CHECK(world.entry().problem == "shop/list-orders answered 500");
  const auto polls = world.http.requests.size();
  world.pass(5min);
  CHECK(world.http.requests.size() == polls + 1);
  world.pass(5min);
  CHECK(world.http.requests.size() == polls + 1);
  world.pass(5min);
  CHECK(world.http.requests.size() == polls + 2);
  const auto list = world.get("/api/v1/workflows");
  CHECK(list.json("items.0.triggers.0.call") == R"("shop/list-orders")");
  CHECK(list.json("items.0.triggers.0.every") == R"("5m")");
  CHECK(list.json("items.0.triggers.0.problem") == R"("shop/list-orders answered 500")");
  world.give(R"([{"id": 1}, {"id": 2}])");
  world.pass(1h);
  CHECK(world.entry().problem.empty());
  CHECK(world.items() == R"({"id":2})");
}

TEST_CASE("poller: it waits as long as the far side asks") {
  World world;
  world.give("", 429, {{"retry-after", "3600"}});
  world.pass(5min);
  const auto polls = world.http.requests.size();
  world.pass(59min);
  CHECK(world.http.requests.size() == polls);
  world.pass(1min);
  CHECK(world.http.requests.size() == polls + 1);
}

TEST_CASE("poller: an answer that cannot be read is a failure that says why") {
  World world;
  const auto problem = [&](const std::string& answer) {
    world.give(answer);
    world.pass(1h);
    return world.entry().problem;
  };
  CHECK(problem("{}") == "`items` gave object, which is no list");
  CHECK(problem(R"([{"id": null}])") == "the `key` of item 0 is null");
  CHECK(problem(R"([{"id": 1}, {"id": ""}])") == "the `key` of item 1 is empty");
  CHECK(problem(R"([{"id": [1]}])") == "the `key` of item 0 is array");
  CHECK(problem(R"([{"id": ")" + std::string(501, 'x') + R"("}])") ==
        "the `key` of item 0 is longer than 500 bytes");
  CHECK_THAT(problem(R"([{"no": 1}])"), Contains("orders.yaml:1:"));
  std::string many = "[0";
  for (int i = 1; i <= 10'000; ++i) many += "," + std::to_string(i);
  CHECK(problem(many + "]") == "`items` gave 10001; a poll takes 10000 at most");
  CHECK(world.items().empty());
}

TEST_CASE("poller: a `match` that cannot be evaluated takes nothing from there on") {
  World world(", match: '${{ .item.paid }}'");
  world.next(R"([{"id": 1, "paid": true}, {"id": 2}, {"id": 3, "paid": true}])");
  CHECK_THAT(world.entry().problem, Contains("paid"));
  CHECK(world.items().empty());
  world.give(R"([{"id": 1, "paid": true}, {"id": 2, "paid": 7}])");
  world.pass(1h);
  CHECK(world.entry().problem == "`match` gave number, not true or false");
  world.give(R"([{"id": 1, "paid": true}, {"id": 2, "paid": false}])");
  world.pass(1h);
  CHECK(world.items() == R"({"id":1,"paid":true})");
}

TEST_CASE("poller: many new items are taken in several changes, all of them once") {
  World world;
  std::string many;
  for (int i = 0; i < 130; ++i)
    many += (i == 0 ? "[" : ",") + ("{\"id\":" + std::to_string(i)) + "}";
  world.next(many + "]");
  world.pass(20min);
  CHECK(world.get("/api/v1/runs?limit=200").at("items").size() == 130);
}

TEST_CASE("poller: while the disk is full no item is taken, and later each once") {
  tba::tests::FaultyVfs disk;
  World world;
  disk.fail_writes_with(SQLITE_FULL);
  world.next(R"([{"id": 1}])");
  CHECK_FALSE(world.entry().problem.empty());
  disk.fail_writes_with(SQLITE_OK);
  world.pass(20min);
  CHECK(world.items() == R"({"id":1})");
}

TEST_CASE("poller: a held workflow is not polled for") {
  World world;
  world.workflow("orders", poll(", credential: bot"));
  const auto polls = world.http.requests.size();
  world.pass(1h);
  CHECK(world.http.requests.size() == polls);
  CHECK(world.get("/api/v1/workflows").json("items.0.state") == R"("held")");
}

TEST_CASE("poller: what is polled follows the files, and is not begun anew by other triggers") {
  World world("", R"([{"id": 1}])");
  world.workflow("orders", R"(
on:
  - manual: {}
  - poll: { call: shop/list-orders, every: 1m, key: "${{ .item.id }}" }
  - poll: { call: shop/list-orders, every: 1h, key: "${{ .item.id }}", baseline: false }
steps: [ { id: note, set: { item: "${{ .trigger.body }}" } } ]
)");
  world.pass(1min);
  REQUIRE(world.poller().entries().size() == 2);
  CHECK(world.poller().entries()[0].trigger == 1);
  CHECK(world.items() == R"({"id":1})");
  world.give(R"([{"id": 1}, {"id": 2}])");
  world.pass(1min);
  CHECK(world.items() == R"({"id":1}{"id":2})");
  std::filesystem::remove(world.engine.folder / "workflows/orders.yaml");
  world.reload();
  CHECK(world.poller().entries().empty());
}

TEST_CASE("poller: once stopped it asks for nothing") {
  World world;
  world.engine.await(world.poller().stop());
  world.pass(5h);
  CHECK(world.http.requests.size() == 1);
  world.reload();
  world.pass(5h);
  CHECK(world.http.requests.size() == 1);
}

TEST_CASE("poller: a secret is put into what it asks, once it is there") {
  World world(", with: { since: !secret shop-bot.token }");
  CHECK(world.http.requests.empty());
  CHECK(world
            .call("PUT", "/api/v1/credentials/shop-bot",
                  R"({"connector":"shop","scheme":"token","fields":{"token":"sword/fish"}})")
            .status == 201);
  world.pass(5min);
  REQUIRE(world.http.requests.size() == 1);
  CHECK(world.http.requests[0].url == "https://shop.example/orders?since=sword%2Ffish");
}

namespace {

const std::string kListConnector = R"(
connector: shop
base_url: https://shop.example
auth: { token: { type: bearer } }
pagination: { style: cursor, parameter: after, next: "${{ .body.next }}", items: "${{ .body.list }}" }
rate_limits: { all: { requests: 2, per: 10s } }
endpoints:
  list-orders: { method: GET, path: /orders, parameters: { after: { in: query, type: string } } }
)";

/// A daemon that polls for all pages of the orders.
struct PagesWorld : DaemonWorld {
  explicit PagesWorld(const std::string& paginate, const std::string& more = "") {
    engine.folder.write("connectors/shop.yaml", kListConnector);
    workflow("orders",
             "on: { poll: { call: shop/list-orders, every: 5m, baseline: false, key: "
             "'${{ .item.id }}', paginate: " +
                 paginate + more +
                 " } }\nsteps: [ { id: note, set: { item: '${{ .trigger.body }}' } } ]\n");
  }

  /// The paths of all requests, a line each.
  std::string paths() {
    std::string text;
    for (const auto& request : http.requests) text += request.url.substr(20) + "\n";
    return text;
  }
  std::size_t runs() { return get("/api/v1/runs?limit=200").at("items").size(); }
  tba::triggers::Poller::Entry entry() { return poller().entries().at(0); }
};

}  // namespace

TEST_CASE("poller: all pages of a list are one poll, whatever limit stands between them") {
  PagesWorld world("true");
  world.http.answer(200, R"({"list": [{"id": 1}], "next": "a"})");
  world.http.answer(200, R"({"list": [{"id": 2}], "next": "b"})");
  world.http.answer(200, R"({"list": [{"id": 2}, {"id": 3}]})");
  world.pass(0s);
  CHECK(world.paths() == "/orders\n/orders?after=a\n");
  CHECK_THAT(world.entry().problem, Contains("as often as its API allows"));
  CHECK(world.runs() == 0);
  world.pass(12s);
  CHECK(world.paths() == "/orders\n/orders?after=a\n/orders?after=b\n");
  CHECK(world.entry().problem.empty());
  CHECK(world.runs() == 3);
  world.pass(4min);
  CHECK(world.http.requests.size() == 3);
}

TEST_CASE("poller: an API that asks to wait in the middle of a list is asked for the rest later") {
  PagesWorld world("true", ", cursor: '${{ .trigger.at }}'");
  const auto begun = world.engine.clock.now();
  world.http.answer(200, R"({"list": [{"id": 1}], "next": "a"})");
  world.http.answer(429, "{}", {{"content-type", "application/json"}, {"retry-after", "3600"}});
  world.http.answer(200, R"({"list": [{"id": 2}]})");
  world.pass(0s);
  CHECK(world.entry().problem == "shop/list-orders answered 429");
  world.pass(61min);
  CHECK(world.paths() == "/orders\n/orders?after=a\n/orders?after=a\n");
  CHECK(world.runs() == 2);
  CHECK(world.entry().problem.empty());
  // What was made since then stands on no page that was read.
  const auto state = world.engine.await(world.engine.store().poll_state("orders/shop/list-orders"));
  CHECK((*state)->cursor_json == tba::to_json(Value::string(tba::format_time(begun))));
}

TEST_CASE("poller: a list of which some pages are wanted is read so far") {
  PagesWorld world("{ items: 3 }");
  world.http.answer(200, R"({"list": [{"id": 1}, {"id": 2}], "next": "a"})");
  world.http.answer(200, R"({"list": [{"id": 3}, {"id": 4}], "next": "b"})");
  world.pass(0s);
  CHECK(world.runs() == 3);
  CHECK(world.http.requests.size() == 2);
}

TEST_CASE("poller: a page that cannot be had makes the poll begin anew") {
  PagesWorld world("true");
  world.http.answer(200, R"({"list": [{"id": 1}], "next": "a"})");
  world.http.answer(500, "oops");
  world.pass(0s);
  CHECK(world.entry().problem == "shop/list-orders answered 500");
  world.http.answer_only(tba::net::HttpResponse{
      200, {{"content-type", "application/json"}}, R"({"list": [{"id": 1}], "next": "a"})"});
  world.pass(5min);
  CHECK(world.paths() == "/orders\n/orders?after=a\n/orders\n/orders?after=a\n");
  CHECK_THAT(world.entry().problem, Contains("leads back to one that was there before"));
  CHECK(world.runs() == 0);
}

TEST_CASE("poller: other files let a list that is not complete begin anew") {
  PagesWorld world("true");
  world.http.answer(200, R"({"list": [{"id": 1}], "next": "a"})");
  world.http.answer(200, R"({"list": [{"id": 2}], "next": "b"})");
  world.http.answer(200, R"({"list": [{"id": 9}]})");
  world.pass(0s);
  CHECK(world.http.requests.size() == 2);
  world.workflow("orders",
                 "on: { poll: { call: shop/list-orders, every: 1m, baseline: false, key: '${{ "
                 ".item.id }}', paginate: true } }\nsteps: [ { set: {} } ]\n");
  world.pass(12s);
  CHECK(world.paths() == "/orders\n/orders?after=a\n/orders\n");
  CHECK(world.runs() == 1);
  std::filesystem::remove(world.engine.folder / "workflows/orders.yaml");
  world.reload();
  CHECK(world.poller().entries().empty());
}

TEST_CASE("poller: pages that together take too much are refused") {
  tba::triggers::PolledPages pages({});
  const auto page = [](const std::string& next) {
    std::vector<Value> items{Value::string(std::string(20 << 20, 'x'))};
    return Value::object({{"body", Value::array(std::move(items))}, {"next", Value::string(next)}});
  };
  CHECK(pages.add(page("a")));
  const auto more = pages.add(page("b"));
  REQUIRE_FALSE(more);
  CHECK(more.error().message == "the items take more than 32MiB");
}
