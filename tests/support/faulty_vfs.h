#pragma once

#include <atomic>

#include <sqlite3.h>

namespace tba::tests {

/// SQLite's door to the files, which fails on command. While it exists every database is opened
/// through it; those must be closed before it goes.
class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  /// From now on, writing (and so growing) a file ends with this result code; SQLITE_OK: works.
  void fail_writes_with(int status) { write_status_ = status; }
  /// The same for fsync.
  void fail_syncs_with(int status) { sync_status_ = status; }

  /// How often something was made to fail.
  int failures() const { return failures_; }

 private:
  struct File;
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                  int* flags_out);
  static const sqlite3_io_methods& methods();
  int outcome(const std::atomic<int>& status);

  sqlite3_vfs* real_;
  sqlite3_vfs shim_;
  std::atomic<int> write_status_ = SQLITE_OK;
  std::atomic<int> sync_status_ = SQLITE_OK;
  std::atomic<int> failures_ = 0;
};

}  // namespace tba::tests
