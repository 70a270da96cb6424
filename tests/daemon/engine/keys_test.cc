#include <string>

#include <catch2/catch.hpp>

#include "shared/connector_reader.h"
#include "tests/support/engine_world.h"

/// Attempts that may be repeated with the same key, as long as the API knows keys again.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using tests::EngineWorld;
using tests::is_lost;
using tests::succeeds;

constexpr auto kShop = R"(
connector: shop
base_url: https://shop.example
idempotency: { header: Idempotency-Key, lifetime: 1h }
endpoints:
  order: { method: POST, path: /orders }
)";

struct ShopWorld : EngineWorld {
  ShopWorld() {
    Diagnostics diagnostics;
    auto shop = read_connector("shop.yaml", kShop, diagnostics);
    REQUIRE(shop);
    connectors.put(std::make_shared<const Connector>(*std::move(shop)));
  }

  /// Starts a run that orders, with these keys of its step.
  RunId order(const std::string& keys) {
    return start("on: { manual: {} }\nsteps: [ { id: order, call: shop/order, " + keys + " } ]\n");
  }

  const std::string& key_of_attempt(std::size_t index) const {
    return std::get<engine::EndpointCall>(runner.attempts.at(index).request).idempotency_key;
  }
};

}  // namespace

TEST_CASE("keys: a lost attempt is repeated with its key while the API knows it") {
  ShopWorld world;
  world.runner.answer("order", is_lost());
  world.runner.answer("order", succeeds());
  const auto id = world.order("retry: { attempts: 2, initial: 59m, max: 59m, jitter: false }");
  world.pass(59min);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.key_of_attempt(0) == world.key_of_attempt(1));
  CHECK_FALSE(world.key_of_attempt(0).empty());
}

TEST_CASE("keys: an attempt whose turn comes after its key has gone is not made unasked") {
  ShopWorld world;
  world.runner.answer("order", is_lost());
  const auto id = world.order("retry: { attempts: 2, initial: 1h, max: 1h, jitter: false }");
  world.pass(1h);
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.runner.attempts_of("order") == 1);

  world.runner.answer("order", succeeds());
  using Decision = engine::Engine::Decision;
  REQUIRE(world.await(world.engine().resume(id, "", Decision::repeat, "")).has_value());
  world.settle();
  CHECK(world.runner.attempts_of("order") == 2);
  CHECK(world.key_of_attempt(1).empty());
}

TEST_CASE("keys: what was in flight at a crash is repeated only as long as its key is known") {
  ShopWorld world;
  const auto id = world.order("effect: keyed");
  world.pass(59min);
  world.crash();
  CHECK(world.run(id).status == RunStatus::running);
  CHECK(world.runner.attempts_of("order") == 2);
  world.pass(1min);
  world.crash();
  CHECK(world.run(id).status == RunStatus::interrupted);
  CHECK(world.runner.attempts_of("order") == 2);
}

TEST_CASE("keys: an attempt that fails after its key has gone leaves what came before unknown") {
  ShopWorld world;
  world.runner.answer("order", is_lost());
  const auto id =
      world.order("timeout: 5m, retry: { attempts: 9, initial: 59m, max: 59m, jitter: false }");
  world.runner.hang("order");
  world.pass(64min);
  CHECK(world.runner.attempts_of("order") == 2);
  CHECK(world.run(id).status == RunStatus::interrupted);
}

TEST_CASE("keys: a notification has the key's lifetime from its target's connector") {
  ShopWorld world;
  world.notify_targets["till"] = {world.connectors.find("shop"), "order", "", {}};
  const auto id =
      world.start("on: { manual: {} }\nsteps: [ { id: told, notify: till, with: {} } ]\n");
  CHECK(world.run(id).status == RunStatus::running);
  world.pass(1h);
  world.crash();
  CHECK(world.run(id).status == RunStatus::interrupted);
}
