#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <string_view>

#include <sqlite3.h>

namespace tba::benchmark {

/// Ends the program where something fails that cannot.
inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::exit(1);
}

class BareStatement {
 public:
  BareStatement(sqlite3* database, const char* sql) {
    require(sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr) == SQLITE_OK, sql);
  }
  ~BareStatement() { sqlite3_finalize(statement_); }
  BareStatement(const BareStatement&) = delete;
  BareStatement& operator=(const BareStatement&) = delete;

  void bind(int parameter, sqlite3_int64 number) {
    sqlite3_bind_int64(statement_, parameter, number);
  }
  /// Borrowed until run().
  void bind_text(int parameter, std::string_view text) {
    sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
  }
  void bind_blob(int parameter, std::string_view bytes) {
    sqlite3_bind_blob64(statement_, parameter, bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  void run() {
    require(sqlite3_step(statement_) == SQLITE_DONE, sqlite3_sql(statement_));
    sqlite3_reset(statement_);
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

/// A new database, durable like the store's, with nothing around it.
class BareDatabase {
 public:
  BareDatabase(const std::filesystem::path& file, const char* schema) {
    for (const auto* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(file.string() + suffix);
    }
    require(sqlite3_open(file.c_str(), &database_) == SQLITE_OK, "opening the database");
    execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
    execute(schema);
  }
  ~BareDatabase() { sqlite3_close_v2(database_); }
  BareDatabase(const BareDatabase&) = delete;
  BareDatabase& operator=(const BareDatabase&) = delete;

  void execute(const char* sql) {
    require(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
  }
  sqlite3* get() { return database_; }
  sqlite3_int64 last_id() const { return sqlite3_last_insert_rowid(database_); }

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace tba::benchmark
