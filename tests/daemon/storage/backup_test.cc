// Backups that are taken while the store is written to.
#include "daemon/storage/backup.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "tests/daemon/storage/stores.h"

using namespace tba;
using namespace tba::tests;
using storage::AddRun;
using storage::Change;
using storage::Committed;
using storage::Database;
using storage::PutStep;
using storage::SqliteStore;
using storage::UpdateRun;

namespace {

namespace fs = std::filesystem;

/// A store with threads of its own, that a client hammers.
class BusyStore {
 public:
  BusyStore() : store_(std::move(SqliteStore::open(folder_ / "tba.db", Instant{}).value())) {}
  ~BusyStore() { store_->stop(); }

  SqliteStore& operator*() { return *store_; }
  boost::asio::io_context& context() { return context_; }
  fs::path path(const std::string& name) const { return folder_ / name; }

  /// Adds runs with a step each, ends them, and keeps what was acknowledged.
  boost::asio::awaitable<void> hammer() {
    while (!enough) {
      auto run = sample_run(ids_.next<RunId>());
      auto step = sample_step(run.id, "a", 0);
      step.result_json = std::string(2000, 'r');
      Change begin{{AddRun{run}, PutStep{step}}};
      const auto begun = co_await store_->submit(std::move(begin));
      run.status = RunStatus::succeeded;
      Change end{{UpdateRun{run}, PutStep{step}}};
      const auto ended = co_await store_->submit(std::move(end));
      if (!begun || !ended) co_return;
      ended_runs.push_back(run.id);
    }
  }

  bool enough = false;
  std::vector<RunId> ended_runs;

 private:
  TemporaryFolder folder_;
  FakeClock clock_;
  SeededRandom random_{1};
  UuidGenerator ids_{clock_, random_};
  boost::asio::io_context context_;
  std::unique_ptr<SqliteStore> store_;
};

std::string check_of(const fs::path& file) {
  auto database = Database::open(file, Database::Mode::read_only).value();
  auto check = database.query("PRAGMA integrity_check");
  return check.next() ? std::string(check.text(0)) : "unreadable";
}

}  // namespace

TEST_CASE("backup: taken under load it is whole, and has all that was acknowledged before") {
  BusyStore store;
  for (int i = 0; i < 8; ++i)
    boost::asio::co_spawn(store.context(), store.hammer(), [](std::exception_ptr) {});
  const auto run_until = [&](std::size_t ended) {
    while (store.ended_runs.size() < ended) store.context().run_one();
  };
  run_until(2000);
  for (int n = 0; n < 3; ++n) {
    const auto before = store.ended_runs.size();
    const auto file = store.path("copy" + std::to_string(n) + ".db");
    const auto backup = await(store.context(), (*store).back_up(file)).value();
    const auto after = store.ended_runs.size();
    CHECK(backup.bytes == fs::file_size(file));
    CHECK(check_of(file) == "ok");

    boost::asio::io_context context;
    const auto copy =
        std::move(SqliteStore::open(file, Instant{},
                                    std::make_unique<storage::InlineWorker>(context.get_executor()),
                                    std::make_unique<storage::InlineWorker>(context.get_executor()))
                      .value());
    std::size_t there = 0;
    for (std::size_t i = 0; i < after; ++i) {
      const auto run = await(context, copy->run(store.ended_runs[i])).value();
      if (i < before) REQUIRE(run);
      if (run && run->status == RunStatus::succeeded) ++there;
      if (run) REQUIRE(await(context, copy->steps(run->id, std::nullopt)).value().size() == 1);
    }
    CHECK(there >= before);
    const auto next = sample_run(RunId::parse("01932c07-209c-7b6e-9f4c-0123456789ab").value());
    CHECK(is<Committed>(await(context, copy->submit({{AddRun{next}}})).value()));
    copy->stop();
    run_until(after + 500);
  }
  store.enough = true;
  store.context().run();
}

TEST_CASE("backup: a file is whole, private, and never in the place of another") {
  BusyStore store;
  const auto file = store.path("copy.db");
  REQUIRE(await(store.context(), (*store).back_up(file)).has_value());
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK_FALSE(fs::exists(store.path("copy.db.part")));

  const auto problem = [&](const fs::path& path) {
    const auto refused = await(store.context(), (*store).back_up(path));
    REQUIRE(refused.has_error());
    return refused.error();
  };
  CHECK(problem(file).code == ErrorCode::conflict);
  CHECK(problem(file).message == "there is a file '" + file.string() + "' already");
  CHECK(problem("copy.db").code == ErrorCode::invalid);
  CHECK(problem("copy.db").message == "the path of a backup is absolute, 'copy.db' is not");
  CHECK(problem(store.path("none/copy.db")).code == ErrorCode::not_found);
  const auto other = store.path("other.db");
  std::ofstream(store.path("other.db.part")) << "of somebody else";
  CHECK(problem(other).code == ErrorCode::conflict);
  CHECK(fs::file_size(store.path("other.db.part")) == 16);
}

TEST_CASE("backup: stopping ends it, and leaves no file") {
  BusyStore store;
  auto database = Database::open(store.path("tba.db"), Database::Mode::read_only).value();
  const auto file = store.path("copy.db");
  const auto stopped = storage::back_up(database, file, [] { return true; });
  REQUIRE(stopped.has_error());
  CHECK(stopped.error().code == ErrorCode::unavailable);
  CHECK(stopped.error().message == "the store is stopping");
  CHECK_FALSE(fs::exists(file));
  CHECK_FALSE(fs::exists(store.path("copy.db.part")));
  CHECK(storage::back_up(database, file, [] { return false; }).has_value());
}

TEST_CASE("backup: one is made at a time") {
  BusyStore store;
  boost::asio::co_spawn(store.context(), store.hammer(), [](std::exception_ptr) {});
  while (store.ended_runs.size() < 500) store.context().run_one();
  std::vector<Result<storage::Backup>> backups;
  for (const auto* name : {"a.db", "b.db", "c.db", "d.db"}) {
    boost::asio::co_spawn(store.context(), (*store).back_up(store.path(name)),
                          [&](std::exception_ptr, Result<storage::Backup> backup) {
                            backups.push_back(std::move(backup));
                          });
  }
  while (backups.size() < 4) store.context().run_one();
  store.enough = true;
  store.context().run();
  int made = 0;
  for (const auto& backup : backups) {
    if (backup) {
      ++made;
    } else {
      CHECK(backup.error().message == "another backup is being made");
    }
  }
  CHECK(made >= 1);
}
