#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tests/simulation/dice.h"

namespace tba::simulation {

/// How a daemon ends without a word.
enum class Crash {
  process,  ///< `kill -9`: what it wrote stays.
  power,    ///< What was not synced may be lost, wholly or in part.
};

/// Something that changes what is on the disk.
enum class DiskOperation { write, truncate, sync, remove };

/// Decides what becomes of the operations on a disk.
class DiskFate {
 public:
  virtual ~DiskFate() = default;

  /// Asked before the operation: SQLITE_OK, or the result code with which it fails. May freeze the
  /// disk: then the operation is not carried out.
  virtual int before(DiskOperation operation) = 0;
  /// Told after one that was carried out. May freeze the disk.
  virtual void after(DiskOperation operation) = 0;
};

/// The content of one file: what has been written to it, and what of that would survive a loss of
/// power.
///
/// A disk writes sectors as a whole, in any order, at any time after they were written to; bytes
/// beside those that are written do not change (SQLite's "powersafe overwrite", which it assumes of
/// Unix file systems). So after a loss of power each sector is as it was after some write since the
/// last sync, or before all of them, independently of the others; so is the file's size.
/// Truncations are recorded by the file system, in order.
class DiskFile {
 public:
  static constexpr std::size_t kSector = 512;

  const std::vector<char>& written() const { return written_; }
  void write(std::size_t offset, const char* bytes, std::size_t size);
  void truncate(std::size_t size);
  void sync();

  /// A sync that failed: the system has dropped some of the writes without carrying them out,
  /// though they can still be read, and will not try them again (what Linux does after an I/O
  /// error).
  void drop_some(Dice& dice);

  /// What a loss of power leaves of it.
  void lose_power(Dice& dice);

 private:
  struct Write {
    std::size_t offset;
    std::vector<char> bytes;
  };
  struct Truncation {
    std::size_t size;
  };
  using Pending = std::variant<Write, Truncation>;

  static void for_each_sector(const Write& write, auto visit);
  static void apply(const Pending& pending, std::vector<char>& content);

  std::vector<char> written_;
  std::vector<char> synced_;
  std::vector<Pending> pending_;  // since the last sync, in order
};

/// A folder of files in memory that a crash treats as a real disk would. While it exists, SQLite
/// opens its databases there. For one thread; one exists at a time.
class SimulatedDisk {
 public:
  explicit SimulatedDisk(std::uint64_t seed);
  ~SimulatedDisk();
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  /// Who decides from now on; null: everything works. Must outlive the disk or be replaced.
  void set_fate(DiskFate* fate) { fate_ = fate; }

  /// The daemon that uses it is dead, though its code still runs: from now on nothing that it does
  /// has an effect, everything that would have fails.
  void freeze() { frozen_ = true; }
  bool frozen() const { return frozen_; }

  /// What the next daemon finds. Requires: all databases are closed.
  void thaw(Crash crash);

  /// Whether syncs do nothing from now on, and claim that they did.
  void lie(bool lies) { lies_ = lies; }

 private:
  friend class DiskVfs;  // SQLite's door to it

  std::shared_ptr<DiskFile> find(const std::string& name) const;
  std::shared_ptr<DiskFile> make(const std::string& name);
  int write(DiskFile& file, std::size_t offset, const char* bytes, std::size_t size);
  int truncate(DiskFile& file, std::size_t size);
  int sync(DiskFile& file);
  int remove(const std::string& name, bool sync_folder);

  template <class Action>
  int carry_out(DiskOperation operation, Action action);

  using Folder = std::map<std::string, std::shared_ptr<DiskFile>>;

  Dice dice_;
  DiskFate* fate_ = nullptr;
  bool frozen_ = false;
  bool lies_ = false;
  Folder written_;  // the folder as it is read
  Folder synced_;   // and as it would survive
  std::unique_ptr<class DiskVfs> vfs_;
};

}  // namespace tba::simulation
