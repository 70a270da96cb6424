// What is SQLite's own, beyond store_conformance_test.cc: sharing of commits, failing disks,
// damage.
#include "daemon/storage/sqlite_store.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "daemon/storage/sqlite.h"
#include "tests/daemon/storage/stores.h"
#include "tests/support/faulty_vfs.h"

using namespace tba;
using namespace tba::tests;
using storage::AddDelivery;
using storage::AddRun;
using storage::AddSlot;
using storage::AppendLog;
using storage::Change;
using storage::Committed;
using storage::Conflict;
using storage::InlineWorker;
using storage::Outcome;
using storage::SqliteStore;
using storage::ThreadWorker;

namespace {

enum class Threads { none, own };

/// A store in a folder, and the executor of those who use it.
class OpenStore {
 public:
  explicit OpenStore(Threads threads) : threads_(threads) { open(); }

  SqliteStore* operator->() { return store_.get(); }
  boost::asio::io_context& context() { return context_; }
  std::filesystem::path file() const { return folder_ / "tba.db"; }

  void close() { store_.reset(); }
  void open() {
    const auto worker = [&](std::size_t count) -> std::unique_ptr<storage::Worker> {
      if (threads_ == Threads::own) return std::make_unique<ThreadWorker>("test", count);
      return std::make_unique<InlineWorker>(context_.get_executor());
    };
    store_ = std::move(SqliteStore::open(file(), Instant{}, worker(1), worker(2)).value());
  }

  template <class T>
  Result<T> await(boost::asio::awaitable<Result<T>> coroutine) {
    return tests::await(context_, std::move(coroutine));
  }

  /// Submits all changes at once, and gives how they ended, in order.
  std::vector<Result<Outcome>> submit_together(std::vector<Change> changes) {
    std::vector<Result<Outcome>> outcomes;
    for (auto& change : changes) {
      boost::asio::co_spawn(context_, store_->submit(std::move(change)),
                            [&](std::exception_ptr, Result<Outcome> outcome) {
                              outcomes.push_back(std::move(outcome));
                            });
    }
    context_.restart();
    context_.run();
    return outcomes;
  }

  template <class AnyId>
  AnyId next_id() {
    return ids_.next<AnyId>();
  }
  std::vector<Change> new_runs(int count) {
    std::vector<Change> changes;
    for (int i = 0; i < count; ++i) changes.push_back({{AddRun{sample_run(next_id<RunId>())}}});
    return changes;
  }
  std::size_t stored_runs() {
    return await(store_->runs({}, {.limit = 100'000, .cursor = ""})).value().items.size();
  }

 private:
  Threads threads_;
  TemporaryFolder folder_;
  FakeClock clock_;
  SeededRandom random_{1};
  UuidGenerator ids_{clock_, random_};
  boost::asio::io_context context_;
  std::unique_ptr<SqliteStore> store_;
};

}  // namespace

TEST_CASE("sqlite store: changes that come together share a commit") {
  OpenStore store(Threads::none);
  const auto before = store->statistics();
  store.submit_together(store.new_runs(1000));
  auto after = store->statistics();
  CHECK(after.commits - before.commits == 1);
  CHECK(after.changes - before.changes == 1000);
  CHECK(after.rows - before.rows == 1000);
  CHECK(after.bytes - before.bytes > 100'000);
  CHECK(after.bytes - before.bytes < 1'000'000);

  SECTION("up to a bound") {
    store.submit_together(store.new_runs(2500));
    CHECK(store->statistics().commits - after.commits == 3);
  }
  SECTION("and what is refused costs none") {
    REQUIRE(store.await(store->submit({{AddSlot{{"a/0", at_second(1)}}}})).has_value());
    after = store->statistics();
    store.submit_together({100, Change{{AddSlot{{"a/0", at_second(1)}}}}});
    CHECK(store->statistics().commits == after.commits);
    CHECK(store->statistics().rows == after.rows);
    CHECK(store->statistics().changes == after.changes + 100);
  }
}

TEST_CASE("sqlite store: the writer's thread takes up what comes while it writes") {
  OpenStore store(Threads::own);
  const auto before = store->statistics();
  const auto outcomes = store.submit_together(store.new_runs(2000));
  CHECK(outcomes.size() == 2000);
  CHECK(store.stored_runs() == 2000);
  CHECK(store->statistics().commits - before.commits < 500);
}

TEST_CASE("sqlite store: what a refused change wrote goes, what its neighbours wrote stays") {
  OpenStore store(Threads::none);
  const auto before = store->statistics();
  auto changes = store.new_runs(3);
  changes[1].writes.emplace_back(storage::RemoveCredential{"none"});
  const auto outcomes = store.submit_together(std::move(changes));
  REQUIRE(outcomes.size() == 3);
  CHECK(is<Committed>(*outcomes[0]));
  CHECK(is<Conflict>(*outcomes[1]));
  CHECK(is<Committed>(*outcomes[2]));
  CHECK(store.stored_runs() == 2);
  CHECK(store->statistics().commits - before.commits == 1);
}

TEST_CASE("sqlite store: many threads may submit and read, each answered on its own executor") {
  constexpr int kThreads = 4;
  constexpr int kRuns = 50;
  std::array<boost::asio::io_context, kThreads> contexts;  // outlive the store that posts to them
  OpenStore store(Threads::own);
  std::vector<std::vector<Change>> changes;
  for (int i = 0; i < kThreads; ++i) changes.push_back(store.new_runs(kRuns));

  std::vector<int> answered(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      auto& context = contexts[i];
      for (auto& change : changes[i]) {
        const auto id = std::get<AddRun>(change.writes[0]).run.id;
        const auto outcome = tests::await(context, store->submit(std::move(change)));
        const auto run = tests::await(context, store->run(id));
        if (outcome && is<Committed>(*outcome) && run && *run) ++answered[i];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(answered == std::vector<int>(kThreads, kRuns));
}

TEST_CASE("sqlite store: a full or failing disk fails the change, and is got over") {
  FaultyVfs vfs;
  const auto threads = GENERATE(Threads::none, Threads::own);
  OpenStore store(threads);
  REQUIRE(store.submit_together(store.new_runs(1)).size() == 1);

  std::string expected;
  SECTION("no room") {
    vfs.fail_writes_with(SQLITE_FULL);
    expected = "the database '" + store.file().string() + "' cannot grow: its disk is full";
  }
  SECTION("no fsync") {
    vfs.fail_syncs_with(SQLITE_IOERR_FSYNC);
    expected =
        "the database '" + store.file().string() + "' cannot be read or written: disk I/O error";
  }
  for (int i = 0; i < 3; ++i) {
    const auto outcomes = store.submit_together(store.new_runs(10));
    REQUIRE(outcomes.size() == 10);
    for (const auto& outcome : outcomes) {
      REQUIRE(outcome.has_error());
      CHECK(outcome.error().code == ErrorCode::unavailable);
      CHECK(outcome.error().message == expected);
    }
    CHECK(store.stored_runs() == 1);
  }
  CHECK(vfs.failures() > 0);

  vfs.fail_writes_with(SQLITE_OK);
  vfs.fail_syncs_with(SQLITE_OK);
  for (const auto& outcome : store.submit_together(store.new_runs(10))) {
    REQUIRE(outcome.has_value());
    CHECK(is<Committed>(*outcome));
  }
  store.close();
  store.open();
  CHECK(store.stored_runs() == 11);
}

TEST_CASE("sqlite store: damage is told in a sentence, never as data") {
  OpenStore store(Threads::none);
  const auto delivery = sample_delivery(store.next_id<DeliveryId>(), "sender-1");
  REQUIRE(store.submit_together({{{AddDelivery{delivery}}}}).size() == 1);
  store.submit_together(store.new_runs(3000));

  SECTION("in a text") {
    {
      auto database =
          storage::Database::open(store.file(), storage::Database::Mode::read_write).value();
      REQUIRE(database.execute("UPDATE deliveries SET body = x'09'").value() == 1);
    }
    const auto got = store.await(store->delivery(delivery.id));
    REQUIRE(got.has_error());
    CHECK(got.error().code == ErrorCode::internal);
    CHECK(got.error().message == "a stored text is damaged: unknown codec");
  }
  SECTION("in the file's pages") {
    store.close();
    const auto half = std::filesystem::file_size(store.file()) / 2;
    {
      std::fstream file(store.file(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(half));
      file << std::string(half, '\x5a');
    }
    store.open();
    const auto listed = store.await(store->runs({}, {.limit = 100'000, .cursor = ""}));
    REQUIRE(listed.has_error());
    CHECK(listed.error().code == ErrorCode::internal);
    CHECK(listed.error().message.starts_with("the database '" + store.file().string() +
                                             "' is damaged"));
    CHECK(listed.error().hint.find("restore a backup") != std::string::npos);
  }
}

TEST_CASE("sqlite store: stopping finishes what was begun, and refuses the rest") {
  const auto threads = GENERATE(Threads::none, Threads::own);
  OpenStore store(threads);
  std::vector<Result<Outcome>> outcomes;
  for (auto& change : store.new_runs(20)) {
    boost::asio::co_spawn(store.context(), store->submit(std::move(change)),
                          [&](std::exception_ptr, Result<Outcome> outcome) {
                            outcomes.push_back(std::move(outcome));
                          });
  }
  bool read = false;
  boost::asio::co_spawn(store.context(), store->run(store.next_id<RunId>()),
                        [&](std::exception_ptr, const auto& run) { read = run.has_value(); });
  boost::asio::post(store.context(), [&] { store->stop(); });
  store.context().run();
  REQUIRE(outcomes.size() == 20);
  for (const auto& outcome : outcomes) CHECK(outcome.has_value());
  CHECK(read);

  const auto late = store.submit_together(store.new_runs(1));
  REQUIRE(late.size() == 1);
  REQUIRE(late[0].has_error());
  CHECK(late[0].error().code == ErrorCode::unavailable);
  CHECK(late[0].error().message == "the store is stopping");
  const auto late_read = store.await(store->run(store.next_id<RunId>()));
  REQUIRE(late_read.has_error());
  CHECK(late_read.error().code == ErrorCode::unavailable);
  store->stop();  // once more is harmless

  store.close();
  store.open();
  CHECK(store.stored_runs() == 20);
}

TEST_CASE("sqlite store: who throws while being answered does not keep the others from theirs") {
  OpenStore store(Threads::none);
  int answered = 0;
  for (auto& change : store.new_runs(3)) {
    boost::asio::co_spawn(store.context(), store->submit(std::move(change)),
                          [&](std::exception_ptr, const Result<Outcome>&) {
                            if (++answered == 1) throw std::runtime_error("a bug");
                          });
  }
  CHECK_THROWS_WITH(store.context().run(), "a bug");
  store.context().run();
  CHECK(answered == 3);
}

TEST_CASE("sqlite store: what cannot be opened is refused with the reason") {
  const TemporaryFolder folder;
  SECTION("no folder") {
    const auto opened = SqliteStore::open(folder / "missing/tba.db", Instant{});
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == ErrorCode::not_found);
  }
  SECTION("no database") {
    folder.write("tba.db", std::string(5000, 'x'));
    const auto opened = SqliteStore::open(folder / "tba.db", Instant{});
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == ErrorCode::internal);
  }
  SECTION("a newer one") {
    REQUIRE(SqliteStore::open(folder / "tba.db", Instant{}).has_value());
    {
      auto database =
          storage::Database::open(folder / "tba.db", storage::Database::Mode::read_write).value();
      REQUIRE(database.execute("INSERT INTO migrations VALUES ('2099-01-01 more', 0)").has_value());
    }
    const auto opened = SqliteStore::open(folder / "tba.db", Instant{});
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == ErrorCode::conflict);
    CHECK(opened.error().message.find("'2099-01-01 more'") != std::string::npos);
  }
}
