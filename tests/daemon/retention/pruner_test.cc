#include "daemon/retention/pruner.h"

#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "daemon/storage/sqlite_store.h"
#include "tests/support/await.h"
#include "tests/support/engine_world.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

using namespace tba;
using namespace tba::retention;
using namespace tba::tests;
using namespace std::chrono_literals;

namespace {

/// A pruner over a store on the test's own thread.
struct World {
  explicit World(Limits limits_ = {}) : limits(std::move(limits_)) {}
  ~World() {
    stop();
    store->stop();
  }

  RunId add_run(RunStatus status, const std::string& workflow = "triage") {
    storage::Run run;
    run.id = ids.next<RunId>();
    run.workflow = workflow;
    run.version = version;
    run.status = status;
    run.created_at = clock.now();
    if (is_final(status)) run.finished_at = clock.now();
    submit(storage::AddRun{run});
    return run.id;
  }
  void submit(storage::Write write) {
    storage::Change change;
    change.writes.push_back(std::move(write));
    REQUIRE(await(context, store->submit(std::move(change))).has_value());
  }

  /// Lets the time pass and the pruner do what it then does.
  void pass(Duration time) {
    clock.advance(time);
    if (alarm.when() && *alarm.when() <= clock.now()) alarm.ring();
    settle();
  }
  void settle() {
    context.restart();
    context.run();
  }
  void stop() {
    boost::asio::co_spawn(context, pruner.stop(), boost::asio::detached);
    settle();
  }
  bool has(RunId id) { return await(context, store->run(id)).value().has_value(); }

  Limits limits;
  TemporaryFolder folder;
  FakeClock clock;
  SeededRandom random{1};
  UuidGenerator ids{clock, random};
  boost::asio::io_context context;
  std::unique_ptr<storage::SqliteStore> store = std::move(
      storage::SqliteStore::open(folder / "tba.db", clock.now(),
                                 std::make_unique<storage::InlineWorker>(context.get_executor()),
                                 std::make_unique<storage::InlineWorker>(context.get_executor()))
          .value());
  FakeAlarm alarm;
  std::unique_ptr<daemon::Log> log = daemon::Log::silent();
  storage::VersionHash version{};
  std::vector<storage::VersionHash> in_force;
  Pruner pruner{{context.get_executor(), *store, alarm, clock, *log, [this] { return in_force; }},
                limits};
};

}  // namespace

TEST_CASE("pruner: rounds come a minute after the start, and then every ten") {
  World world;
  world.pruner.start();
  CHECK(*world.alarm.when() == world.clock.now() + 1min);
  CHECK_FALSE(world.pruner.last());
  world.pass(59s);
  CHECK_FALSE(world.pruner.last());
  world.pass(1s);
  REQUIRE(world.pruner.last());
  CHECK(world.pruner.last()->at == world.clock.now());
  CHECK(world.pruner.last()->runs == 0);
  CHECK(*world.alarm.when() == world.clock.now() + 10min);
  world.stop();
  CHECK_FALSE(world.alarm.when());
}

TEST_CASE("pruner: runs go when they are too old, too many, or too many in all") {
  Limits limits;
  limits.runs.age = 1h;
  limits.runs.runs = 3;
  limits.workflows["mail"] = {1h, 4, 1 << 30};
  limits.total_runs = 6;
  World world(limits);
  const auto waits = world.add_run(RunStatus::waiting);
  std::vector<RunId> triage;
  std::vector<RunId> mail;
  for (int i = 0; i < 5; ++i) {
    triage.push_back(world.add_run(RunStatus::succeeded));
    mail.push_back(world.add_run(RunStatus::failed, "mail"));
    world.clock.advance(1s);
  }
  world.pruner.start();
  world.pass(1min);
  CHECK(world.pruner.last()->runs == 4);
  CHECK(world.pruner.last()->bytes > 0);
  CHECK_FALSE(world.has(triage[1]));
  CHECK_FALSE(world.has(mail[1]));  // of all the oldest
  CHECK(world.has(triage[2]));
  CHECK(world.has(mail[2]));
  world.pass(1h);
  CHECK(world.pruner.last()->runs == 6);
  CHECK(world.has(waits));
}

TEST_CASE("pruner: deliveries that started nothing go, those before are not looked at again") {
  Limits limits;
  limits.deliveries = 1h;
  World world(limits);
  const auto add = [&] {
    storage::Delivery delivery;
    delivery.id = world.ids.next<DeliveryId>();
    delivery.received_at = world.clock.now();
    world.submit(storage::AddDelivery{delivery});
    return delivery.id;
  };
  const auto has = [&](DeliveryId id) {
    return await(world.context, world.store->delivery(id)).value().has_value();
  };
  const auto old = add();
  world.clock.advance(2h);
  const auto young = add();
  world.pruner.start();
  world.pass(1min);
  CHECK(world.pruner.last()->rows == 1);
  CHECK_FALSE(has(old));
  CHECK(has(young));
  world.pass(2h);
  CHECK(world.pruner.last()->rows == 1);
  CHECK_FALSE(has(young));
}

TEST_CASE("pruner: a version goes when it was twice found unused, and is not in force") {
  Limits limits;
  limits.runs.age = 1h;
  World world(limits);
  std::vector<storage::VersionHash> hashes(3);
  for (std::uint8_t i = 0; i < 3; ++i) {
    hashes[i].fill(i);
    world.submit(storage::PutVersion{{hashes[i], "triage", "{}"}});
  }
  const auto has = [&](std::size_t i) {
    return await(world.context, world.store->version(hashes[i])).value().has_value();
  };
  world.version = hashes[1];
  world.add_run(RunStatus::waiting);
  world.in_force = {hashes[2]};
  world.pruner.start();
  world.pass(1min);
  CHECK(has(0));
  world.pass(10min);
  CHECK(has(0));
  world.pass(12h);
  CHECK_FALSE(has(0));
  CHECK(has(1));
  CHECK(has(2));
}

TEST_CASE("pruner: space that much was freed in is given back") {
  Limits limits;
  limits.deliveries = 1h;
  World world(limits);
  for (int i = 0; i < 40; ++i) {
    storage::Delivery delivery;
    delivery.id = world.ids.next<DeliveryId>();
    delivery.received_at = world.clock.now();
    std::string body(1 << 20, '\0');
    world.random.fill(std::as_writable_bytes(std::span(body)));
    delivery.body = std::move(body);
    world.submit(storage::AddDelivery{delivery});
  }
  world.pruner.start();
  const auto before = await(world.context, world.store->give_back(0)).value();
  CHECK(before.free < 1 << 20);
  world.pass(2h);
  const auto after = await(world.context, world.store->give_back(0)).value();
  CHECK(after.free <= 16 << 20);
  CHECK(after.bytes < before.bytes - (20 << 20));
}

TEST_CASE("pruner: a failing disk ends a round, and the next one is made") {
  FaultyVfs vfs;
  Limits limits;
  limits.runs.age = 1h;
  World world(limits);
  const auto run = world.add_run(RunStatus::succeeded);
  world.pruner.start();
  vfs.fail_writes_with(SQLITE_FULL);
  world.pass(2h);
  CHECK(world.has(run));
  CHECK(world.pruner.last()->runs == 0);
  vfs.fail_writes_with(SQLITE_OK);
  world.pass(10min);
  CHECK_FALSE(world.has(run));
}

TEST_CASE("pruner: stopping ends a round after its bite") {
  Limits limits;
  limits.runs.runs = 0;
  World world(limits);
  std::vector<RunId> runs;
  for (int i = 0; i < 5000; ++i) runs.push_back(world.add_run(RunStatus::succeeded));
  world.pruner.start();
  world.clock.advance(1min);
  world.alarm.ring();
  world.stop();
  CHECK(world.has(runs.back()));
  CHECK_FALSE(world.alarm.when());
}
