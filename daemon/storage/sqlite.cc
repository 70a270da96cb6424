#include "daemon/storage/sqlite.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tba::storage {
namespace {

constexpr int kBusyTimeoutMilliseconds = 5000;  // another program may be reading or backing up

constexpr sqlite3_int64 kLogPiece = 64 << 10;  // SQLite writes less than 128 KiB at a time
constexpr int kPagesCopied = 256;              // between looks at whether to stop

constexpr const char* kDamagedHint =
    "stop the daemon, then restore a backup, or save what can be read with 'sqlite3 FILE .recover'";

/// Makes the file if there is none, and has it belong to the user alone. Its log gets the same mode
/// from SQLite. The file must not be opened and closed here while it is in use: that would drop the
/// locks of this process.
Result<void> make_private_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
    return {};
  }
  if (errno != EEXIST) {
    return Error{ErrorCode::unavailable,
                 "cannot make the database '" + path.string() + "': " + std::strerror(errno),
                 "check the folder's owner and permissions"};
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    ::chmod(path.c_str(), 0600);  // not our file: SQLite will say what is wrong with it
  }
  return {};
}

Result<void> require_folder(const std::filesystem::path& path) {
  const auto folder = path.parent_path();
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return {};
  return Error{
      ErrorCode::not_found,
      "the folder '" + folder.string() + "' of the database '" + path.string() + "' does not exist",
      "make it, or let 'store' in config.yaml name another"};
}

/// Writes the log once more, as it is, and syncs it. Requires: nobody else can write to it.
int rewrite_log(sqlite3* connection) {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (!log || !log->pMethods) return SQLITE_OK;
  sqlite3_int64 size = 0;
  int status = log->pMethods->xFileSize(log, &size);
  std::vector<char> piece(kLogPiece);
  for (sqlite3_int64 at = 0; status == SQLITE_OK && at < size; at += kLogPiece) {
    const auto length = static_cast<int>(std::min(size - at, kLogPiece));
    status = log->pMethods->xRead(log, piece.data(), length, at);
    if (status == SQLITE_OK) status = log->pMethods->xWrite(log, piece.data(), length, at);
  }
  if (status == SQLITE_OK && size > 0) status = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  return status;
}

}  // namespace

// --- Statement

Statement::Statement(Database& database, sqlite3_stmt* statement, int status)
    : database_(&database), statement_(statement), status_(status) {}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      status_(other.status_),
      parameters_(other.parameters_) {}

Statement::~Statement() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);  // they are borrowed
}

void Statement::bind(std::nullptr_t) {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_null(statement_, ++parameters_);
}

void Statement::bind(std::int64_t number) {
  if (status_ == SQLITE_OK) status_ = sqlite3_bind_int64(statement_, ++parameters_, number);
}

void Statement::bind(std::string_view text) {
  if (status_ != SQLITE_OK) return;
  const char* data = text.data() ? text.data() : "";  // a null pointer would bind NULL
  status_ =
      sqlite3_bind_text64(statement_, ++parameters_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind(Blob blob) {
  if (status_ != SQLITE_OK) return;
  const char* data = blob.bytes.data() ? blob.bytes.data() : "";
  status_ = sqlite3_bind_blob64(statement_, ++parameters_, data, blob.bytes.size(), SQLITE_STATIC);
}

void Statement::bind(const Uuid& id) {
  bind(Blob{{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}});
}

Result<bool> Statement::next() {
  if (status_ == SQLITE_OK) {
    const int status = sqlite3_step(statement_);
    if (status == SQLITE_ROW) return true;
    if (status == SQLITE_DONE) return false;
    status_ = status;
  }
  return database_->error(status_);
}

Result<std::int64_t> Statement::run() {
  for (;;) {
    const auto row = next();
    if (!row) return row.error();
    if (!*row) return sqlite3_changes64(sqlite3_db_handle(statement_));
  }
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

// --- Database

void Database::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void Database::Closer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Database::Database(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::filesystem::path& path, Mode mode) {
  Database database(path);
  if (auto folder = require_folder(path); !folder) return folder.error();
  if (mode == Mode::read_write) {
    if (auto made = make_private_file(path); !made) return made.error();
  }

  // Readers too are opened for writing: they share the log's index. query_only keeps them honest.
  sqlite3* connection = nullptr;
  const int status =
      sqlite3_open_v2(path.c_str(), &connection,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database.database_.reset(connection);
  if (status != SQLITE_OK) return database.error(status);
  sqlite3_busy_timeout(connection, kBusyTimeoutMilliseconds);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);

  if (mode == Mode::copy) {
    auto set = database.script("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;");
    if (!set) return set.error();
    return database;
  }
  // page_size and auto_vacuum have an effect only before the first table is made. A checkpoint
  // comes every 16 MB of log; after one, a log that a burst has swollen is cut. What is deleted is
  // wiped where that costs nothing: secrets are sealed.
  auto set =
      database.script(mode == Mode::read_only ? "PRAGMA query_only=ON; PRAGMA cache_size=-2048;"
                                              : "PRAGMA page_size=4096;"
                                                "PRAGMA auto_vacuum=INCREMENTAL;"
                                                "PRAGMA journal_mode=WAL;"
                                                "PRAGMA synchronous=FULL;"
                                                "PRAGMA wal_autocheckpoint=4000;"
                                                "PRAGMA journal_size_limit=67108864;"
                                                "PRAGMA cache_size=-8192;"
                                                "PRAGMA secure_delete=FAST;"
                                                "PRAGMA temp_store=MEMORY;");
  if (!set) return set.error();
  if (mode == Mode::read_write) {
    if (auto kept = database.keep_what_was_logged(); !kept) return kept.error();
  }
  return database;
}

/// The daemon before this one may have failed to sync the log. What it wrote can still be read
/// then, and is taken as committed, but the system has given up on it and will not write it any
/// more (https://wiki.postgresql.org/wiki/Fsync_Errors): a loss of power would cut the log there,
/// with all that has been committed after it.
Result<void> Database::keep_what_was_logged() {
  const auto alone = Transaction::begin(*this);
  if (!alone) return alone.error();
  const int status = rewrite_log(database_.get());
  if (status != SQLITE_OK) return error(status);
  return {};
}

Statement Database::cached(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int status = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (status != SQLITE_OK) return Statement(*this, nullptr, status);
    found = statements_.emplace(sql, Prepared(statement)).first;
  }
  assert(!sqlite3_stmt_busy(found->second.get()));  // its rows would be lost to the other user
  return Statement(*this, found->second.get(), SQLITE_OK);
}

Result<void> Database::script(const std::string& sql) {
  const int status = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return error(status);
  return {};
}

Result<void> Database::copy_to(Database& target, const std::function<bool()>& stopping) {
  // What is read within one transaction is of one moment: else each write would begin it anew.
  if (auto begun = script("BEGIN; SELECT count(*) FROM sqlite_schema;"); !begun) return begun;
  auto* backup = sqlite3_backup_init(target.database_.get(), "main", database_.get(), "main");
  int status = backup ? SQLITE_OK : sqlite3_errcode(target.database_.get());
  while (status == SQLITE_OK && !stopping()) status = sqlite3_backup_step(backup, kPagesCopied);
  sqlite3_backup_finish(backup);
  (void)script("COMMIT");
  if (status == SQLITE_DONE) return {};
  if (status != SQLITE_OK) return target.error(status);
  return Error{ErrorCode::unavailable, "the store is stopping", "try again when the daemon is up"};
}

std::int64_t Database::total_changes() const {
  return sqlite3_total_changes64(database_.get());
}

std::int64_t Database::take_pages_written() {
  int written = 0;
  int unused = 0;
  sqlite3_db_status(database_.get(), SQLITE_DBSTATUS_CACHE_WRITE, &written, &unused, /*reset=*/1);
  return written;
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

Error Database::error(int status) const {
  const auto file = "the database '" + path_.string() + "'";
  const std::string said = sqlite3_errstr(status);
  switch (status & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::unavailable, file + " cannot grow: its disk is full",
              "make room; nothing was stored of what failed, and work goes on once there is room"};
    case SQLITE_IOERR:
      return {ErrorCode::unavailable, file + " cannot be read or written: " + said,
              "check the disk and the system's log"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {ErrorCode::unavailable, file + " cannot be opened for writing: " + said,
              "check the owner and permissions of the file and its folder"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::unavailable, file + " is locked by another program",
              "end the program that is writing to it"};
    case SQLITE_NOMEM:
      return {ErrorCode::unavailable, file + " cannot be used: out of memory", ""};
    case SQLITE_CORRUPT:
      return {ErrorCode::internal, file + " is damaged: " + said, kDamagedHint};
    case SQLITE_NOTADB:
      return {ErrorCode::internal, file + " is damaged or no database at all", kDamagedHint};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::conflict, sqlite3_errmsg(database_.get()), ""};
    case SQLITE_TOOBIG:
      return {ErrorCode::limit_exceeded, "a text is too big for " + file, ""};
    default:
      return {ErrorCode::internal,
              file + ": " + (database_ ? sqlite3_errmsg(database_.get()) : said), ""};
  }
}

// --- Transaction and Savepoint

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun.error();
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Some failures have rolled back already.
  if (database_ && database_->in_transaction()) (void)database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  if (auto committed = database_->execute("COMMIT"); !committed) return committed.error();
  database_ = nullptr;
  return {};
}

Result<Savepoint> Savepoint::begin(Database& database) {
  if (auto begun = database.execute("SAVEPOINT part"); !begun) return begun.error();
  return Savepoint(database);
}

Result<void> Savepoint::release() {
  if (auto released = database_->execute("RELEASE part"); !released) return released.error();
  return {};
}

Result<void> Savepoint::undo() {
  if (auto undone = database_->execute("ROLLBACK TO part"); !undone) return undone.error();
  return release();
}

}  // namespace tba::storage
