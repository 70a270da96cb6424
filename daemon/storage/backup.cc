#include "daemon/storage/backup.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/file_descriptor.h"

namespace tba::storage {
namespace {

namespace fs = std::filesystem;

/// A file that is removed unless it was given its name.
class Unfinished {
 public:
  explicit Unfinished(fs::path path) : path_(std::move(path)) {}
  ~Unfinished() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

 private:
  fs::path path_;
};

Error cannot_write(const fs::path& path, int number) {
  if (number == EEXIST) {
    return {ErrorCode::conflict, "there is a file '" + path.string() + "' already",
            "give another name, or remove it"};
  }
  return {ErrorCode::unavailable,
          "cannot write the backup '" + path.string() + "': " + std::strerror(number),
          "check the folder's owner, its permissions and its room"};
}

Result<void> require_place(const fs::path& target) {
  if (!target.is_absolute()) {
    return Error{ErrorCode::invalid,
                 "the path of a backup is absolute, '" + target.string() + "' is not", ""};
  }
  std::error_code ignored;
  if (!fs::is_directory(target.parent_path(), ignored)) {
    return Error{ErrorCode::not_found,
                 "the folder '" + target.parent_path().string() + "' does not exist", "make it"};
  }
  if (fs::exists(fs::symlink_status(target, ignored))) return cannot_write(target, EEXIST);
  return {};
}

/// Has the disk hold what was written to the file, or what names the folder has.
Result<void> flush(const fs::path& path, const fs::path& target) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) return cannot_write(target, errno);
  return {};
}

}  // namespace

Result<Backup> back_up(Database& database, const fs::path& target,
                       const std::function<bool()>& stopping) {
  if (auto place = require_place(target); !place) return place.error();
  auto part = target;
  part += ".part";
  // Nobody's file is overwritten, and nobody else ever reads this one.
  if (const FileDescriptor made(::open(part.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
      !made) {
    return cannot_write(part, errno);
  }
  const Unfinished unfinished(part);
  {
    auto copy = Database::open(part, Database::Mode::copy);
    if (!copy) return copy.error();
    if (auto copied = database.copy_to(*copy, stopping); !copied) return copied.error();
  }
  if (auto flushed = flush(part, target); !flushed) return flushed.error();
  if (::link(part.c_str(), target.c_str()) != 0) return cannot_write(target, errno);
  if (auto flushed = flush(target.parent_path(), target); !flushed) return flushed.error();
  std::error_code ignored;
  return Backup{fs::file_size(target, ignored)};
}

}  // namespace tba::storage
