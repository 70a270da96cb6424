#pragma once

#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "shared/clock.h"
#include "shared/error.h"
#include "shared/uuid.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tba::storage {

class Database;

/// Bytes for a BLOB column, where a string_view alone would be TEXT. Borrowed.
struct Blob {
  std::string_view bytes;
};

/// A prepared statement with its parameters bound, borrowed from the cache of its Database, to
/// which it goes back, reset, when destroyed. What went wrong while preparing or binding is told by
/// next() or run(), so that only these need a check.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Steps to the next row; false after the last one.
  Result<bool> next();

  /// Steps to the end; gives the number of rows inserted, updated or deleted.
  Result<std::int64_t> run();

  /// Columns of the row that next() stepped to, from 0. NULL reads as zero or empty. The views hold
  /// until the next step.
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement, int status);

  // Each binds the parameter after the one before. Texts and blobs are borrowed until the statement
  // is destroyed.
  void bind(std::nullptr_t);
  void bind(std::int64_t number);
  void bind(std::string_view text);
  void bind(Blob blob);
  void bind(const Uuid& id);
  void bind(Instant instant) { bind(std::int64_t{instant.time_since_epoch().count()}); }
  template <class Number>
  requires std::integral<Number> || std::is_enum_v<Number>
  void bind(Number number) { bind(static_cast<std::int64_t>(number)); }
  template <class Value>
  void bind(const std::optional<Value>& value) {
    value ? bind(*value) : bind(nullptr);
  }

  Database* database_;
  sqlite3_stmt* statement_;
  int status_;  // of SQLite: the first failure stays
  int parameters_ = 0;
};

/// A connection to an SQLite file. Used by one thread at a time. Its statements must be destroyed
/// before it.
class Database {
 public:
  enum class Mode {
    read_write,
    read_only,
    copy,  ///< Written by copy_to() alone: without a log, not flushed.
  };

  /// Opens the file, made with mode 0600 where there is none (read_only makes none). Errors as
  /// SqliteStore::open.
  static Result<Database> open(const std::filesystem::path& path, Mode mode);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  const std::filesystem::path& path() const { return path_; }

  /// The statement of that text with these parameters, in order: nullptr, numbers, enums, texts,
  /// Blob, Uuid, Instant, and optionals of them.
  template <class... Values>
  Statement query(std::string_view sql, const Values&... values) {
    auto statement = cached(sql);
    (statement.bind(values), ...);
    return statement;
  }

  /// Carries out one statement; gives the number of rows it changed.
  template <class... Values>
  Result<std::int64_t> execute(std::string_view sql, const Values&... values) {
    return query(sql, values...).run();
  }

  /// Carries out several statements without parameters.
  Result<void> script(const std::string& sql);

  /// Copies this database, as it is at the beginning, over the other one, page by page, while
  /// others write on. Errors: also `unavailable` once `stopping()`.
  Result<void> copy_to(Database& target, const std::function<bool()>& stopping);

  /// Rows changed since the connection was opened.
  std::int64_t total_changes() const;

  /// Pages written to the log since this was last asked, and what each adds to it.
  std::int64_t take_pages_written();
  static constexpr std::int64_t kBytesPerLoggedPage = 4096 + 24;  // with the frame's header

  bool in_transaction() const;

  /// The sentence for SQLite's result code `status` of this connection. `conflict` and
  /// `limit_exceeded` concern the statement alone; anything else, the whole transaction.
  Error error(int status) const;

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
    void operator()(sqlite3_stmt* statement) const;
  };
  using Prepared = std::unique_ptr<sqlite3_stmt, Closer>;

  explicit Database(std::filesystem::path path) : path_(std::move(path)) {}
  Result<void> keep_what_was_logged();
  Statement cached(std::string_view sql);

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Closer> database_;

  struct HashText : std::hash<std::string_view> {
    using is_transparent = void;  // a literal is looked up without being copied
  };
  std::unordered_map<std::string, Prepared, HashText, std::equal_to<>> statements_;
};

/// A write transaction: rolled back when destroyed, unless committed.
class Transaction {
 public:
  /// Takes the write lock at once (BEGIN IMMEDIATE).
  static Result<Transaction> begin(Database& database);

  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;  // null when there is nothing to roll back
};

/// A part of a transaction that can be undone alone; left open, it shares the transaction's fate.
class Savepoint {
 public:
  static Result<Savepoint> begin(Database& database);

  Result<void> release();
  Result<void> undo();

 private:
  explicit Savepoint(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace tba::storage
