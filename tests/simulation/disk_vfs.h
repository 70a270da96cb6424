#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <sqlite3.h>

#include "tests/simulation/disk.h"

namespace tba::simulation {

/// SQLite's door to a SimulatedDisk (https://sqlite.org/vfs.html), the default one while it exists.
/// Locks and the log's index are shared by the connections of one process, the only one there is.
class DiskVfs {
 public:
  /// `seed` is for SQLite's own random numbers. The disk must outlive it.
  DiskVfs(SimulatedDisk& disk, std::uint64_t seed);
  ~DiskVfs();
  DiskVfs(const DiskVfs&) = delete;
  DiskVfs& operator=(const DiskVfs&) = delete;

  /// The process is gone, and with it its locks and its shared memory.
  void forget_memory() { shared_.clear(); }

 private:
  struct OpenFile;

  /// What the connections to one file share.
  struct Shared {
    std::vector<OpenFile*> open;
    std::vector<std::unique_ptr<std::vector<char>>> regions;  // of the log's index
  };

  /// One file as one connection has it open.
  struct OpenFile {
    DiskVfs& vfs;
    std::shared_ptr<DiskFile> file;
    std::shared_ptr<Shared> shared;
    int lock = SQLITE_LOCK_NONE;
    unsigned shared_locks = 0;  // of the log's index, a bit for each
    unsigned exclusive_locks = 0;

    int take(int wanted);
    int take_index_locks(unsigned mask, int flags);
    int map_region(int region, int size, bool extend, void volatile** to);
    bool any_other(auto condition) const;
  };

  /// What SQLite holds of it.
  struct SqliteFile {
    sqlite3_file base;
    OpenFile* open;
  };

  static OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<SqliteFile*>(file)->open; }
  static DiskVfs& of(sqlite3_vfs* vfs) { return *static_cast<DiskVfs*>(vfs->pAppData); }
  static const sqlite3_io_methods& methods();
  static sqlite3_vfs description();

  int open(const char* name, SqliteFile& file, int flags);
  static int close(sqlite3_file* file);
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset);

  SimulatedDisk& disk_;
  Dice dice_;
  sqlite3_vfs* former_;
  sqlite3_vfs vfs_;
  std::map<DiskFile*, std::weak_ptr<Shared>> shared_;
};

}  // namespace tba::simulation
