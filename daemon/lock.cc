#include "daemon/lock.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace tba::daemon {
namespace {

Error system_failure(std::string what) {
  return {
      ErrorCode::unavailable, std::move(what) + ": " + std::generic_category().message(errno), {}};
}

/// The text that the lock's owner has put into the file.
std::string read_owner(int descriptor) {
  std::array<char, 32> text;
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  std::string owner(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  owner.erase(owner.find_last_not_of('\n') + 1);
  return owner;
}

Error held_by_another(const std::filesystem::path& home, const std::string& owner) {
  const std::string process = owner.empty() ? "" : " (process " + owner + ")";
  return {ErrorCode::conflict, "another daemon" + process + " already runs in " + home.string(),
          "stop it with `tba-integrate daemon stop`, or give this one another TBA_HOME"};
}

/// Whether somebody accepts connections there.
Result<bool> is_listened_on(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) return false;  // nobody can
  std::memcpy(address.sun_path, text.data(), text.size());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return system_failure("cannot make a socket");
  const int result =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool refused = result != 0 && errno == ECONNREFUSED;
  close(descriptor);
  return !refused;
}

}  // namespace

Result<HomeLock> HomeLock::acquire(const std::filesystem::path& home) {
  const auto path = home / "daemon.lock";
  HomeLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (lock.descriptor_ < 0) return system_failure("cannot open " + path.string());
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return held_by_another(home, read_owner(lock.descriptor_));
    return system_failure("cannot lock " + path.string());
  }
  const std::string owner = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.descriptor_, 0) != 0 || pwrite(lock.descriptor_, owner.data(), owner.size(),
                                                    0) != static_cast<ssize_t>(owner.size())) {
    return system_failure("cannot write " + path.string());
  }
  return lock;
}

HomeLock::HomeLock(HomeLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

HomeLock& HomeLock::operator=(HomeLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

HomeLock::~HomeLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<> HomeLock::remove_stale_socket(const std::filesystem::path& path) const {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return system_failure("cannot look at " + path.string());
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Error{ErrorCode::conflict, path.string() + " is in the way: it is no socket",
                 "move it away, or set `socket` to another path"};
  }
  const auto listened_on = is_listened_on(path);
  if (!listened_on) return listened_on.error();
  if (*listened_on) {
    return Error{ErrorCode::conflict, "another process listens on " + path.string(),
                 "set `socket` to another path, or stop that process"};
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return system_failure("cannot remove " + path.string());
  }
  return {};
}

}  // namespace tba::daemon
