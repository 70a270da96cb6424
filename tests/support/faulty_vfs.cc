#include "tests/support/faulty_vfs.h"

namespace tba::tests {

/// What SQLite holds; the real file follows in the same allocation.
struct FaultyVfs::File {
  sqlite3_file base;
  FaultyVfs* vfs;

  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }
  static const sqlite3_io_methods& of(sqlite3_file* file) { return *real(file)->pMethods; }
  static FaultyVfs& owner(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->vfs; }
};

FaultyVfs::FaultyVfs() : real_(sqlite3_vfs_find(nullptr)), shim_(*real_) {
  shim_.zName = "faulty";
  shim_.pNext = nullptr;
  shim_.pAppData = this;
  shim_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  shim_.xOpen = open;
  sqlite3_vfs_register(&shim_, /*makeDflt=*/1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&shim_);
  sqlite3_vfs_register(real_, /*makeDflt=*/1);
}

int FaultyVfs::outcome(const std::atomic<int>& status) {
  const int now = status;
  if (now != SQLITE_OK) ++failures_;
  return now;
}

int FaultyVfs::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                    int* flags_out) {
  auto& self = *static_cast<FaultyVfs*>(vfs->pAppData);
  auto* real = File::real(file);
  real->pMethods = nullptr;
  const int status = self.real_->xOpen(self.real_, name, real, flags, flags_out);
  file->pMethods = real->pMethods ? &methods() : nullptr;
  reinterpret_cast<File*>(file)->vfs = &self;
  return status;
}

const sqlite3_io_methods& FaultyVfs::methods() {
  static constexpr sqlite3_io_methods kMethods{
      .iVersion = 2,
      .xClose = [](sqlite3_file* f) { return File::of(f).xClose(File::real(f)); },
      .xRead = [](sqlite3_file* f, void* to, int size,
                  sqlite3_int64 at) { return File::of(f).xRead(File::real(f), to, size, at); },
      .xWrite =
          [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
            auto& self = File::owner(f);
            const int status = self.outcome(self.write_status_);
            return status != SQLITE_OK ? status : File::of(f).xWrite(File::real(f), from, size, at);
          },
      .xTruncate = [](sqlite3_file* f,
                      sqlite3_int64 size) { return File::of(f).xTruncate(File::real(f), size); },
      .xSync =
          [](sqlite3_file* f, int flags) {
            auto& self = File::owner(f);
            const int status = self.outcome(self.sync_status_);
            return status != SQLITE_OK ? status : File::of(f).xSync(File::real(f), flags);
          },
      .xFileSize = [](sqlite3_file* f,
                      sqlite3_int64* size) { return File::of(f).xFileSize(File::real(f), size); },
      .xLock = [](sqlite3_file* f, int kind) { return File::of(f).xLock(File::real(f), kind); },
      .xUnlock = [](sqlite3_file* f, int kind) { return File::of(f).xUnlock(File::real(f), kind); },
      .xCheckReservedLock =
          [](sqlite3_file* f, int* reserved) {
            return File::of(f).xCheckReservedLock(File::real(f), reserved);
          },
      .xFileControl =
          [](sqlite3_file* f, int what, void* value) {
            return File::of(f).xFileControl(File::real(f), what, value);
          },
      .xSectorSize = [](sqlite3_file* f) { return File::of(f).xSectorSize(File::real(f)); },
      .xDeviceCharacteristics =
          [](sqlite3_file* f) { return File::of(f).xDeviceCharacteristics(File::real(f)); },
      .xShmMap =
          [](sqlite3_file* f, int region, int size, int extend, void volatile** to) {
            return File::of(f).xShmMap(File::real(f), region, size, extend, to);
          },
      .xShmLock =
          [](sqlite3_file* f, int offset, int count, int flags) {
            return File::of(f).xShmLock(File::real(f), offset, count, flags);
          },
      .xShmBarrier = [](sqlite3_file* f) { File::of(f).xShmBarrier(File::real(f)); },
      .xShmUnmap = [](sqlite3_file* f,
                      int remove) { return File::of(f).xShmUnmap(File::real(f), remove); },
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
  return kMethods;
}

}  // namespace tba::tests
