#include "tests/simulation/disk.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "daemon/storage/sqlite.h"
#include "tests/support/temporary_folder.h"

namespace tba::simulation {
namespace {

using storage::Database;

constexpr std::uint64_t kSeeds = 200;

/// Lets syncs fail while it is told so.
class FailingSyncs final : public DiskFate {
 public:
  bool fails = false;

  int before(DiskOperation operation) override {
    return fails && operation == DiskOperation::sync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }
  void after(DiskOperation) override {}
};

std::string text_of(const DiskFile& file) {
  return {file.written().begin(), file.written().end()};
}

DiskFile file_with(const std::string& text) {
  DiskFile file;
  file.write(0, text.data(), text.size());
  file.sync();
  return file;
}

/// What a loss of power may leave of the file.
std::set<std::string> leftovers(const DiskFile& file) {
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    Dice dice(seed);
    auto copy = file;
    copy.lose_power(dice);
    texts.insert(text_of(copy));
  }
  return texts;
}

std::int64_t count(Database& database) {
  auto query = database.query("SELECT count(*) FROM t");
  REQUIRE(query.next().value());
  return query.integer(0);
}

}  // namespace

TEST_CASE("simulated disk: what was synced stays") {
  const auto file = file_with("synced");
  CHECK(text_of(file) == "synced");
  CHECK(leftovers(file) == std::set<std::string>{"synced"});
}

TEST_CASE("simulated disk: a sector that was not synced is as it was after any of its writes") {
  auto file = file_with("0");
  file.write(0, "1", 1);
  file.write(0, "2", 1);
  CHECK(text_of(file) == "2");
  CHECK(leftovers(file) == std::set<std::string>{"0", "1", "2"});
}

TEST_CASE("simulated disk: sectors are written independently") {
  const std::string old(2 * DiskFile::kSector, 'a');
  auto file = file_with(old);
  const std::string written(2 * DiskFile::kSector, 'b');
  file.write(0, written.data(), written.size());
  const auto half = [](char first, char second) {
    return std::string(DiskFile::kSector, first) + std::string(DiskFile::kSector, second);
  };
  CHECK(leftovers(file) == std::set<std::string>{old, half('a', 'b'), half('b', 'a'), written});
}

TEST_CASE("simulated disk: a truncation happens, or does not, with all that follows") {
  auto file = file_with("abc");
  file.truncate(0);
  CHECK(text_of(file).empty());
  file.write(0, "x", 1);
  for (const auto& text : leftovers(file))
    CHECK((text == "abc" || text.empty() || text == "x" || text == std::string(1, '\0')));
  CHECK(leftovers(file).count("abc") == 1);
  CHECK(leftovers(file).count("x") == 1);
}

TEST_CASE("simulated disk: a loss of power keeps what SQLite has committed") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedDisk disk(seed);
    const tests::TemporaryFolder folder;
    std::int64_t committed = 0;
    for (int life = 0; life < 3; ++life) {
      {
        auto database = Database::open(folder / "db", Database::Mode::read_write).value();
        database.script("CREATE TABLE IF NOT EXISTS t (a)").value();
        CHECK(count(database) >= committed);
        for (int i = 0; i < 10; ++i) database.execute("INSERT INTO t VALUES (?)", i).value();
        committed = count(database);
        disk.freeze();
      }
      disk.thaw(life == 0 ? Crash::process : Crash::power);
    }
    auto database = Database::open(folder / "db", Database::Mode::read_write).value();
    CHECK(count(database) == committed);
  }
}

TEST_CASE("simulated disk: what is frozen has no effect") {
  SimulatedDisk disk(1);
  const tests::TemporaryFolder folder;
  {
    auto database = Database::open(folder / "db", Database::Mode::read_write).value();
    database.script("CREATE TABLE t (a)").value();
    disk.freeze();
    CHECK_FALSE(database.execute("INSERT INTO t VALUES (1)").has_value());
  }
  disk.thaw(Crash::process);
  auto database = Database::open(folder / "db", Database::Mode::read_write).value();
  CHECK(count(database) == 0);
}

TEST_CASE("database: what a former daemon failed to sync does not take along what comes later") {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedDisk disk(seed);
    FailingSyncs fate;
    disk.set_fate(&fate);
    const tests::TemporaryFolder folder;
    {
      auto database = Database::open(folder / "db", Database::Mode::read_write).value();
      database.script("CREATE TABLE t (a)").value();
      fate.fails = true;
      CHECK_FALSE(database.execute("INSERT INTO t VALUES (1)").has_value());
      fate.fails = false;
      disk.freeze();
    }
    disk.thaw(Crash::process);
    std::int64_t committed = 0;
    {
      auto database = Database::open(folder / "db", Database::Mode::read_write).value();
      database.execute("INSERT INTO t VALUES (2)").value();
      committed = count(database);
      disk.freeze();
    }
    disk.thaw(Crash::power);
    auto database = Database::open(folder / "db", Database::Mode::read_write).value();
    CHECK(count(database) == committed);
  }
}

}  // namespace tba::simulation
