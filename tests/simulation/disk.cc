#include "tests/simulation/disk.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <sqlite3.h>

#include "tests/simulation/disk_vfs.h"

namespace tba::simulation {
namespace {

/// How likely a loss of power finds a sector's writes carried out.
constexpr unsigned kNone = 0;
constexpr unsigned kFew = 10;
constexpr unsigned kSome = 50;
constexpr unsigned kMost = 90;
constexpr unsigned kAll = 100;

void copy_in(std::vector<char>& content, std::size_t offset, const char* bytes, std::size_t size) {
  if (content.size() < offset + size) content.resize(offset + size);
  std::copy(bytes, bytes + size, content.begin() + static_cast<std::ptrdiff_t>(offset));
}

/// How far the disk has come with each sector: of the changes to it, the first so many.
class SectorProgress {
 public:
  explicit SectorProgress(Dice& dice) : dice_(dice) {
    constexpr unsigned kChances[] = {kNone, kFew, kSome, kMost, kAll};
    chance_ = dice.one_of(kChances);
  }

  void count(std::size_t sector) { ++changes_[sector].all; }

  /// Whether the next change to the sector was carried out. Requires: all of them were counted.
  bool takes_next(std::size_t sector) {
    auto& changes = changes_[sector];
    if (!changes.carried_out) {
      changes.carried_out = chance_ == kNone         ? 0
                            : dice_.percent(chance_) ? changes.all
                                                     : dice_.below(changes.all);
    }
    return changes.seen++ < *changes.carried_out;
  }

 private:
  struct Changes {
    std::uint64_t all = 0;
    std::uint64_t seen = 0;
    std::optional<std::uint64_t> carried_out;
  };

  Dice& dice_;
  unsigned chance_ = 0;
  std::unordered_map<std::size_t, Changes> changes_;
};

}  // namespace

// --- one file

void DiskFile::apply(const Pending& pending, std::vector<char>& content) {
  if (const auto* write = std::get_if<Write>(&pending)) {
    copy_in(content, write->offset, write->bytes.data(), write->bytes.size());
  } else {
    content.resize(std::get<Truncation>(pending).size);
  }
}

void DiskFile::write(std::size_t offset, const char* bytes, std::size_t size) {
  pending_.emplace_back(Write{offset, {bytes, bytes + size}});
  apply(pending_.back(), written_);
}

void DiskFile::truncate(std::size_t size) {
  pending_.emplace_back(Truncation{size});
  apply(pending_.back(), written_);
}

void DiskFile::sync() {
  for (const auto& change : pending_) apply(change, synced_);
  pending_.clear();
}

void DiskFile::drop_some(Dice& dice) {
  std::erase_if(pending_, [&](const Pending& change) {
    return std::holds_alternative<Write>(change) && dice.percent(kSome);
  });
}

/// Calls `visit(sector, from, to)` for each sector that the write touches, with the part of the
/// file within it.
void DiskFile::for_each_sector(const Write& write, auto visit) {
  const auto end = write.offset + write.bytes.size();
  for (auto from = write.offset; from < end;) {
    const auto to = std::min(end, (from / kSector + 1) * kSector);
    visit(from / kSector, from, to);
    from = to;
  }
}

void DiskFile::lose_power(Dice& dice) {
  // Of the truncations, the first so many were carried out; what was written after the next one
  // went to blocks that the file does not have.
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (std::holds_alternative<Truncation>(pending_[i])) ends.push_back(i);
  }
  ends.push_back(pending_.size());
  pending_.resize(dice.one_of(ends));

  SectorProgress progress(dice);
  for (const auto& change : pending_) {
    if (const auto* write = std::get_if<Write>(&change))
      for_each_sector(*write, [&](std::size_t sector, auto, auto) { progress.count(sector); });
  }
  std::vector<std::size_t> sizes = {synced_.size()};  // since the last truncation
  for (const auto& change : pending_) {
    if (const auto* write = std::get_if<Write>(&change)) {
      sizes.push_back(std::max(sizes.back(), write->offset + write->bytes.size()));
      for_each_sector(*write, [&](std::size_t sector, std::size_t from, std::size_t to) {
        if (progress.takes_next(sector))
          copy_in(synced_, from, write->bytes.data() + (from - write->offset), to - from);
      });
    } else {
      apply(change, synced_);
      sizes = {synced_.size()};
    }
  }
  synced_.resize(dice.one_of(sizes));
  pending_.clear();
  written_ = synced_;
}

// --- the disk

SimulatedDisk::SimulatedDisk(std::uint64_t seed)
    : dice_(seed), vfs_(std::make_unique<DiskVfs>(*this, seed)) {}

SimulatedDisk::~SimulatedDisk() = default;

void SimulatedDisk::thaw(Crash crash) {
  frozen_ = false;
  vfs_->forget_memory();
  if (crash == Crash::process) return;
  Folder left;
  const auto keep = [&](const std::string& name, const Folder& other) {
    // Whether a file was made, removed or replaced since the folder was synced is not certain.
    const auto mine = synced_.find(name);
    const auto theirs = other.find(name);
    const bool is_same =
        mine != synced_.end() && theirs != other.end() && mine->second == theirs->second;
    const bool has_old = mine != synced_.end() && (is_same || dice_.percent(kSome));
    if (has_old) {
      left[name] = mine->second;
    } else if (theirs != other.end()) {
      left[name] = theirs->second;
    }
  };
  for (const auto& [name, file] : synced_) keep(name, written_);
  for (const auto& [name, file] : written_) {
    if (!synced_.contains(name) && dice_.percent(kSome)) left[name] = file;
  }
  for (const auto& [name, file] : left) file->lose_power(dice_);
  synced_ = left;
  written_ = std::move(left);
}

template <class Action>
int SimulatedDisk::carry_out(DiskOperation operation, Action action) {
  if (frozen_) return SQLITE_IOERR;
  const int status = fate_ ? fate_->before(operation) : SQLITE_OK;
  if (frozen_) return SQLITE_IOERR;
  if (status != SQLITE_OK) return status;
  action();
  if (fate_) fate_->after(operation);
  return frozen_ ? SQLITE_IOERR : SQLITE_OK;
}

std::shared_ptr<DiskFile> SimulatedDisk::find(const std::string& name) const {
  const auto found = written_.find(name);
  return found == written_.end() ? nullptr : found->second;
}

std::shared_ptr<DiskFile> SimulatedDisk::make(const std::string& name) {
  auto file = std::make_shared<DiskFile>();
  if (!frozen_) written_[name] = file;
  return file;
}

int SimulatedDisk::write(DiskFile& file, std::size_t offset, const char* bytes, std::size_t size) {
  return carry_out(DiskOperation::write, [&] { file.write(offset, bytes, size); });
}

int SimulatedDisk::truncate(DiskFile& file, std::size_t size) {
  return carry_out(DiskOperation::truncate, [&] { file.truncate(size); });
}

int SimulatedDisk::sync(DiskFile& file) {
  const int status = carry_out(DiskOperation::sync, [&] {
    if (lies_) return;
    file.sync();
    synced_ = written_;  // SQLite's Unix VFS syncs the folder with a file that was made
  });
  if (status != SQLITE_OK && !frozen_) file.drop_some(dice_);
  return status;
}

int SimulatedDisk::remove(const std::string& name, bool sync_folder) {
  return carry_out(DiskOperation::remove, [&] {
    written_.erase(name);
    if (sync_folder) synced_ = written_;
  });
}

}  // namespace tba::simulation
