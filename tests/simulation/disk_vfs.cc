#include "tests/simulation/disk_vfs.h"

#include <algorithm>
#include <cstring>

namespace tba::simulation {
namespace {

constexpr int kSectorSize = 4096;  // what SQLite's Unix VFS says; see DiskFile::kSector
constexpr double kJulianDay = 2'460'000.5;

}  // namespace

// --- locks and shared memory

bool DiskVfs::OpenFile::any_other(auto condition) const {
  return std::ranges::any_of(
      shared->open, [&](const OpenFile* other) { return other != this && condition(*other); });
}

/// The levels are those of https://sqlite.org/lockingv3.html.
int DiskVfs::OpenFile::take(int wanted) {
  if (lock >= wanted) return SQLITE_OK;
  const auto highest_allowed =
      wanted == SQLITE_LOCK_SHARED ? SQLITE_LOCK_RESERVED : SQLITE_LOCK_SHARED;
  if (any_other([&](const OpenFile& other) { return other.lock > highest_allowed; }))
    return SQLITE_BUSY;
  if (wanted == SQLITE_LOCK_EXCLUSIVE &&
      any_other([](const OpenFile& other) { return other.lock != SQLITE_LOCK_NONE; })) {
    lock = SQLITE_LOCK_PENDING;
    return SQLITE_BUSY;
  }
  lock = wanted;
  return SQLITE_OK;
}

int DiskVfs::OpenFile::take_index_locks(unsigned mask, int flags) {
  if (flags & SQLITE_SHM_UNLOCK) {
    shared_locks &= ~mask;
    exclusive_locks &= ~mask;
    return SQLITE_OK;
  }
  const bool is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  const auto is_in_the_way = [&](const OpenFile& other) {
    return (other.exclusive_locks & mask) != 0 ||
           (is_exclusive && (other.shared_locks & mask) != 0);
  };
  if (any_other(is_in_the_way)) return SQLITE_BUSY;
  (is_exclusive ? exclusive_locks : shared_locks) |= mask;
  return SQLITE_OK;
}

int DiskVfs::OpenFile::map_region(int region, int size, bool extend, void volatile** to) {
  const auto index = static_cast<std::size_t>(region);
  *to = nullptr;
  if (index >= shared->regions.size() && !extend) return SQLITE_OK;
  while (index >= shared->regions.size()) {
    shared->regions.push_back(
        std::make_unique<std::vector<char>>(static_cast<std::size_t>(size), '\0'));
  }
  *to = shared->regions[index]->data();
  return SQLITE_OK;
}

// --- files

int DiskVfs::open(const char* name, SqliteFile& file, int flags) {
  file.base.pMethods = nullptr;
  std::shared_ptr<DiskFile> content;
  if (!name) {
    content = std::make_shared<DiskFile>();  // a temporary file, which nobody finds again
  } else {
    content = disk_.find(name);
    // A database's file is made, empty, before SQLite is told of it: not here, but on the real
    // disk.
    if (!content && (flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB)))
      content = disk_.make(name);
    if (!content) return SQLITE_CANTOPEN;
  }
  auto shared = shared_[content.get()].lock();
  if (!shared) shared_[content.get()] = shared = std::make_shared<Shared>();
  file.open = new OpenFile{*this, std::move(content), shared};
  shared->open.push_back(file.open);
  file.base.pMethods = &methods();
  return SQLITE_OK;
}

int DiskVfs::close(sqlite3_file* file) {
  OpenFile& open = of(file);
  std::erase(open.shared->open, &open);
  delete &open;
  return SQLITE_OK;
}

int DiskVfs::read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  const auto& content = of(file).file->written();
  const auto begin = std::min(static_cast<std::size_t>(offset), content.size());
  const auto wanted = static_cast<std::size_t>(size);
  const auto there = std::min(wanted, content.size() - begin);
  std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(begin), there, static_cast<char*>(to));
  if (there == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + there, 0, wanted - there);
  return SQLITE_IOERR_SHORT_READ;
}

const sqlite3_io_methods& DiskVfs::methods() {
  static constexpr sqlite3_io_methods kMethods{
      .iVersion = 2,
      .xClose = close,
      .xRead = read,
      .xWrite =
          [](sqlite3_file* f, const void* from, int size, sqlite3_int64 offset) {
            auto& open = of(f);
            return open.vfs.disk_.write(*open.file, static_cast<std::size_t>(offset),
                                        static_cast<const char*>(from),
                                        static_cast<std::size_t>(size));
          },
      .xTruncate =
          [](sqlite3_file* f, sqlite3_int64 size) {
            auto& open = of(f);
            return open.vfs.disk_.truncate(*open.file, static_cast<std::size_t>(size));
          },
      .xSync =
          [](sqlite3_file* f, int) {
            auto& open = of(f);
            return open.vfs.disk_.sync(*open.file);
          },
      .xFileSize =
          [](sqlite3_file* f, sqlite3_int64* size) {
            *size = static_cast<sqlite3_int64>(of(f).file->written().size());
            return SQLITE_OK;
          },
      .xLock = [](sqlite3_file* f, int level) { return of(f).take(level); },
      .xUnlock =
          [](sqlite3_file* f, int level) {
            of(f).lock = std::min(of(f).lock, level);
            return SQLITE_OK;
          },
      .xCheckReservedLock =
          [](sqlite3_file* f, int* reserved) {
            const auto& open = of(f);
            const auto is_reserved = [](const OpenFile& other) {
              return other.lock >= SQLITE_LOCK_RESERVED;
            };
            *reserved = is_reserved(open) || open.any_other(is_reserved) ? 1 : 0;
            return SQLITE_OK;
          },
      .xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
      .xSectorSize = [](sqlite3_file*) { return kSectorSize; },
      .xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; },
      .xShmMap = [](sqlite3_file* f, int region, int size, int extend,
                    void volatile** to) { return of(f).map_region(region, size, extend != 0, to); },
      .xShmLock =
          [](sqlite3_file* f, int offset, int count, int flags) {
            const auto mask = ((1u << count) - 1) << offset;
            return of(f).take_index_locks(mask, flags);
          },
      .xShmBarrier = [](sqlite3_file*) {},
      .xShmUnmap =
          [](sqlite3_file* f, int remove) {
            if (remove) of(f).shared->regions.clear();
            return SQLITE_OK;
          },
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
  return kMethods;
}

// --- the file system

sqlite3_vfs DiskVfs::description() {
  sqlite3_vfs vfs{};
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(SqliteFile);
  vfs.mxPathname = 512;
  vfs.zName = "simulated";
  vfs.xOpen = [](sqlite3_vfs* self, const char* name, sqlite3_file* file, int flags,
                 int* flags_out) {
    if (flags_out) *flags_out = flags;
    return of(self).open(name, *reinterpret_cast<SqliteFile*>(file), flags);
  };
  vfs.xDelete = [](sqlite3_vfs* self, const char* name, int sync_folder) {
    auto& disk = of(self).disk_;
    return disk.find(name) ? disk.remove(name, sync_folder != 0) : SQLITE_IOERR_DELETE_NOENT;
  };
  vfs.xAccess = [](sqlite3_vfs* self, const char* name, int, int* is_there) {
    *is_there = of(self).disk_.find(name) ? 1 : 0;
    return SQLITE_OK;
  };
  vfs.xFullPathname = [](sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
  };
  vfs.xRandomness = [](sqlite3_vfs* self, int size, char* out) {
    for (int i = 0; i < size; ++i) out[i] = static_cast<char>(of(self).dice_.below(256));
    return size;
  };
  vfs.xSleep = [](sqlite3_vfs*, int microseconds) { return microseconds; };
  vfs.xCurrentTime = [](sqlite3_vfs*, double* day) {
    *day = kJulianDay;
    return SQLITE_OK;
  };
  vfs.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
  return vfs;
}

DiskVfs::DiskVfs(SimulatedDisk& disk, std::uint64_t seed)
    : disk_(disk), dice_(seed), former_(sqlite3_vfs_find(nullptr)), vfs_(description()) {
  vfs_.pAppData = this;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
  sqlite3_randomness(0, nullptr);  // forget what another seed has left
}

DiskVfs::~DiskVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(former_, /*makeDflt=*/1);
}

}  // namespace tba::simulation
