#include "daemon/storage/sqlite.h"

#include <string>
#include <utility>

#include <catch2/catch.hpp>
#include <sqlite3.h>
#include <sys/stat.h>

#include "tests/support/temporary_folder.h"

using namespace tba;
using namespace tba::storage;
using tba::tests::TemporaryFolder;

namespace {

Database open(const TemporaryFolder& folder) {
  return Database::open(folder / "test.db", Database::Mode::read_write).value();
}

std::int64_t count(Database& database) {
  auto query = database.query("SELECT count(*) FROM t");
  REQUIRE(query.next().value());
  return query.integer(0);
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

enum class Colour : std::uint8_t { red = 4 };

}  // namespace

TEST_CASE("sqlite: every kind of parameter comes back from its column") {
  const TemporaryFolder folder;
  auto database = open(folder);
  const auto id = *Uuid::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  auto query = database.query("SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", 42, std::int64_t{1} << 40,
                              true, Colour::red, "text", std::string_view(), Blob{{"a\0b", 3}},
                              Blob{}, id, Instant(Duration(99)), nullptr);
  REQUIRE(query.next().value());
  CHECK(query.integer(0) == 42);
  CHECK(query.integer(1) == std::int64_t{1} << 40);
  CHECK(query.integer(2) == 1);
  CHECK(query.integer(3) == 4);
  CHECK(query.text(4) == "text");
  CHECK_FALSE(query.is_null(5));
  CHECK(query.text(5).empty());
  CHECK(query.blob(6) == std::string_view("a\0b", 3));
  CHECK_FALSE(query.is_null(7));
  CHECK(query.blob(8).size() == 16);
  CHECK(query.integer(9) == 99);
  CHECK(query.is_null(10));
  CHECK(query.integer(10) == 0);
  CHECK(query.text(10).empty());
  CHECK_FALSE(query.next().value());
}

TEST_CASE("sqlite: an optional is bound as what it holds, or as NULL") {
  const TemporaryFolder folder;
  auto database = open(folder);
  auto query = database.query("SELECT ?, ?", std::optional(7), std::optional<std::string_view>());
  REQUIRE(query.next().value());
  CHECK(query.integer(0) == 7);
  CHECK(query.is_null(1));
}

TEST_CASE("sqlite: a statement is told by the number of rows it changed") {
  const TemporaryFolder folder;
  auto database = open(folder);
  REQUIRE(database.script("CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (9)")
              .has_value());
  for (int i = 0; i < 3; ++i) CHECK(database.execute("INSERT INTO t VALUES (?)", i).value() == 1);
  CHECK(database.execute("DELETE FROM t WHERE a < ?", 2).value() == 2);
  CHECK(database.execute("DELETE FROM t WHERE a < ?", 2).value() == 0);
  CHECK(database.total_changes() == 6);
}

TEST_CASE("sqlite: what fails says so at the first step, and the connection goes on") {
  const TemporaryFolder folder;
  auto database = open(folder);
  REQUIRE(database.script("CREATE TABLE t (a INTEGER PRIMARY KEY)").has_value());

  const auto nonsense = database.execute("SELECT x FROM nowhere");
  REQUIRE(nonsense.has_error());
  CHECK(nonsense.error().code == ErrorCode::internal);
  CHECK(nonsense.error().message ==
        "the database '" + (folder / "test.db").string() + "': no such table: nowhere");

  const auto too_many = database.execute("INSERT INTO t VALUES (?)", 1, 2);
  REQUIRE(too_many.has_error());
  CHECK(count(database) == 0);

  REQUIRE(database.execute("INSERT INTO t VALUES (?)", 1).has_value());
  const auto twice = database.execute("INSERT INTO t VALUES (?)", 1);
  REQUIRE(twice.has_error());
  CHECK(twice.error().code == ErrorCode::conflict);
  CHECK(twice.error().message == "UNIQUE constraint failed: t.a");
  CHECK(database.execute("INSERT INTO t VALUES (?)", 2).value() == 1);
}

TEST_CASE("sqlite: a transaction is rolled back unless it was committed") {
  const TemporaryFolder folder;
  auto database = open(folder);
  REQUIRE(database.script("CREATE TABLE t (a)").has_value());
  {
    auto transaction = Transaction::begin(database).value();
    REQUIRE(database.execute("INSERT INTO t VALUES (1)").has_value());
    CHECK(database.in_transaction());
  }
  CHECK_FALSE(database.in_transaction());
  CHECK(count(database) == 0);
  {
    auto transaction = Transaction::begin(database).value();
    auto moved = std::move(transaction);
    REQUIRE(database.execute("INSERT INTO t VALUES (1)").has_value());
    REQUIRE(moved.commit().has_value());
  }
  CHECK(count(database) == 1);
  auto transaction = Transaction::begin(database).value();
  CHECK(Transaction::begin(database).has_error());
}

TEST_CASE("sqlite: a savepoint is undone alone") {
  const TemporaryFolder folder;
  auto database = open(folder);
  REQUIRE(database.script("CREATE TABLE t (a)").has_value());
  auto transaction = Transaction::begin(database).value();
  auto kept = Savepoint::begin(database).value();
  REQUIRE(database.execute("INSERT INTO t VALUES (1)").has_value());
  REQUIRE(kept.release().has_value());
  auto undone = Savepoint::begin(database).value();
  REQUIRE(database.execute("INSERT INTO t VALUES (2)").has_value());
  REQUIRE(undone.undo().has_value());
  CHECK(undone.release().has_error());  // it is gone
  REQUIRE(transaction.commit().has_value());
  CHECK(count(database) == 1);
}

TEST_CASE("sqlite: a reader sees what is committed, and cannot write") {
  const TemporaryFolder folder;
  auto writer = open(folder);
  REQUIRE(writer.script("CREATE TABLE t (a)").has_value());
  auto reader = Database::open(folder / "test.db", Database::Mode::read_only).value();
  auto transaction = Transaction::begin(writer).value();
  REQUIRE(writer.execute("INSERT INTO t VALUES (1)").has_value());
  CHECK(count(reader) == 0);
  REQUIRE(transaction.commit().has_value());
  CHECK(count(reader) == 1);
  CHECK(reader.execute("INSERT INTO t VALUES (1)").has_error());
}

TEST_CASE("sqlite: the file and its log belong to the user alone") {
  const TemporaryFolder folder;
  SECTION("a new file") {}
  SECTION("one that others could read") {
    ::chmod(folder.write("test.db", "").c_str(), 0644);
  }
  auto database = open(folder);
  REQUIRE(database.script("CREATE TABLE t (a)").has_value());
  CHECK(mode_of(folder / "test.db") == 0600);
  CHECK(mode_of(folder / "test.db-wal") == 0600);
}

TEST_CASE("sqlite: durable, in WAL mode, and able to give space back") {
  const TemporaryFolder folder;
  auto database = open(folder);
  REQUIRE(database.script("CREATE TABLE t (a)").has_value());
  const auto pragma = [&](const char* sql) {
    auto query = database.query(sql);
    REQUIRE(query.next().value());
    return std::string(query.text(0));
  };
  CHECK(pragma("PRAGMA journal_mode") == "wal");
  CHECK(pragma("PRAGMA synchronous") == "2");  // FULL
  CHECK(pragma("PRAGMA auto_vacuum") == "2");  // INCREMENTAL
}

TEST_CASE("sqlite: a folder that is not there is named") {
  const TemporaryFolder folder;
  const auto path = folder / "missing/test.db";
  const auto opened = Database::open(path, Database::Mode::read_write);
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == ErrorCode::not_found);
  CHECK(opened.error().message == "the folder '" + (folder / "missing").string() +
                                      "' of the database '" + path.string() + "' does not exist");
  CHECK(opened.error().hint == "make it, or let 'store' in config.yaml name another");
}

TEST_CASE("sqlite: a place where no file can be made is named") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "test.db");
  const auto opened = Database::open(folder / "test.db", Database::Mode::read_write);
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == ErrorCode::unavailable);
  const auto name = Database::open("/proc/test.db", Database::Mode::read_write);
  REQUIRE(name.has_error());
  CHECK(name.error().code == ErrorCode::unavailable);
  CHECK(name.error().message.starts_with("cannot make the database '/proc/test.db': "));
}

TEST_CASE("sqlite: a file that is no database is told from one that is damaged inside") {
  const TemporaryFolder folder;
  folder.write("test.db", std::string(10'000, '?'));
  const auto opened = Database::open(folder / "test.db", Database::Mode::read_write);
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == ErrorCode::internal);
  CHECK(opened.error().message.find("is damaged or no database at all") != std::string::npos);
}

TEST_CASE("sqlite: each of its failures becomes a code and a sentence") {
  const TemporaryFolder folder;
  const auto database = open(folder);
  const auto check = [&](int status, ErrorCode code, const std::string& words) {
    CAPTURE(status, words);
    const auto error = database.error(status);
    CHECK(error.code == code);
    CHECK(error.message.find(words) != std::string::npos);
  };
  check(SQLITE_FULL, ErrorCode::unavailable, "its disk is full");
  check(SQLITE_IOERR_FSYNC, ErrorCode::unavailable, "cannot be read or written: disk I/O error");
  check(SQLITE_READONLY, ErrorCode::unavailable, "cannot be opened for writing");
  check(SQLITE_CANTOPEN, ErrorCode::unavailable, "cannot be opened for writing");
  check(SQLITE_BUSY, ErrorCode::unavailable, "is locked by another program");
  check(SQLITE_NOMEM, ErrorCode::unavailable, "out of memory");
  check(SQLITE_CORRUPT_INDEX, ErrorCode::internal, "is damaged");
  check(SQLITE_NOTADB, ErrorCode::internal, "no database at all");
  check(SQLITE_TOOBIG, ErrorCode::limit_exceeded, "too big");
}
