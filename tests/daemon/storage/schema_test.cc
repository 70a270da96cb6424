#include "daemon/storage/schema.h"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/temporary_folder.h"

using namespace tba;
using namespace tba::storage;
using tba::tests::TemporaryFolder;

namespace {

constexpr Instant kNow{std::chrono::seconds(1'700'000'000)};

constexpr Migration kFirst{"2026-01-01 first", "CREATE TABLE a (x); INSERT INTO a VALUES (1);"};
constexpr Migration kSecond{"2026-02-01 second", "ALTER TABLE a ADD COLUMN y;"};

Database open(const TemporaryFolder& folder) {
  return Database::open(folder / "test.db", Database::Mode::read_write).value();
}

/// Name and time of each migration recorded.
std::vector<std::string> recorded(Database& database) {
  std::vector<std::string> names;
  auto query = database.query("SELECT name || '@' || (applied_at / 1000000) FROM migrations");
  while (query.next().value()) names.emplace_back(query.text(0));
  return names;
}

}  // namespace

TEST_CASE("schema: a fresh database gets every migration, recorded with its time") {
  const TemporaryFolder folder;
  auto database = open(folder);
  REQUIRE(migrate(database, std::array{kFirst, kSecond}, kNow).has_value());
  CHECK(recorded(database) ==
        std::vector<std::string>{"2026-01-01 first@1700000000", "2026-02-01 second@1700000000"});
  CHECK(database.execute("INSERT INTO a (x, y) VALUES (2, 3)").has_value());
}

TEST_CASE("schema: a database that was opened before gets what it lacks, and nothing twice") {
  const TemporaryFolder folder;
  {
    auto database = open(folder);
    REQUIRE(migrate(database, std::array{kFirst}, kNow).has_value());
  }
  auto database = open(folder);
  REQUIRE(
      migrate(database, std::array{kFirst, kSecond}, kNow + std::chrono::seconds(1)).has_value());
  REQUIRE(
      migrate(database, std::array{kFirst, kSecond}, kNow + std::chrono::seconds(2)).has_value());
  CHECK(recorded(database) ==
        std::vector<std::string>{"2026-01-01 first@1700000000", "2026-02-01 second@1700000001"});
  CHECK(database.execute("DELETE FROM a").value() == 1);
}

TEST_CASE("schema: a database of a newer version is refused") {
  const TemporaryFolder folder;
  auto database = open(folder);
  REQUIRE(migrate(database, std::array{kFirst, kSecond}, kNow).has_value());
  const auto refused = migrate(database, std::array{kFirst}, kNow);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().message ==
        "the database '" + (folder / "test.db").string() +
            "' was made by a newer version of tba-integrate: this one does not know its change "
            "'2026-02-01 second'");
  CHECK(refused.error().hint ==
        "install the newer version again, or restore a backup from before the upgrade");
}

TEST_CASE("schema: a migration that fails half-way leaves nothing, and those before it stand") {
  const TemporaryFolder folder;
  auto database = open(folder);
  constexpr Migration kBroken{"2026-02-01 broken",
                              "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);"};
  const auto failed = migrate(database, std::array{kFirst, kBroken}, kNow);
  REQUIRE(failed.has_error());
  CHECK(failed.error().message.starts_with("while applying the change '2026-02-01 broken': "));
  CHECK(failed.error().message.find("no such table: nowhere") != std::string::npos);
  CHECK(recorded(database) == std::vector<std::string>{"2026-01-01 first@1700000000"});
  CHECK(database.execute("DROP TABLE b").has_error());
  REQUIRE(migrate(database, std::array{kFirst, kSecond}, kNow).has_value());
}

TEST_CASE("schema: the database of another program is left alone") {
  const TemporaryFolder folder;
  auto database = open(folder);
  REQUIRE(database.script("CREATE TABLE bookmarks (url TEXT)").has_value());
  const auto refused = migrate(database, migrations(), kNow);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().message ==
        "the database '" + (folder / "test.db").string() + "' belongs to another program");
  CHECK(database.query("SELECT count(*) FROM migrations").next().has_error());
}

TEST_CASE("schema: the product's own migrations are in order and apply") {
  const TemporaryFolder folder;
  auto database = open(folder);
  CHECK(std::ranges::is_sorted(migrations(), {}, &Migration::name));
  REQUIRE(migrate(database, migrations(), kNow).has_value());
  CHECK(recorded(database).size() == migrations().size());
}
