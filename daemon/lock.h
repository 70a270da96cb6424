#pragma once

#include <filesystem>

#include "shared/error.h"

namespace tba::daemon {

/// The right to be the only daemon of a home: an flock(2) on `<home>/daemon.lock`, which holds the
/// owner's process id. The system takes the lock back when the process ends, however it ends; the
/// file stays.
class HomeLock {
 public:
  /// Errors: `conflict`, naming the process, where another daemon has the home; `unavailable` where
  /// the file cannot be made.
  static Result<HomeLock> acquire(const std::filesystem::path& home);

  HomeLock(HomeLock&& other) noexcept;
  HomeLock& operator=(HomeLock&& other) noexcept;
  ~HomeLock();

  /// Removes the socket that a daemon which ended without cleaning up has left behind, so that the
  /// owner of the lock can listen there. Errors: `conflict` where somebody does listen on it or it
  /// is no socket; `unavailable` where it cannot be removed.
  Result<> remove_stale_socket(const std::filesystem::path& path) const;

 private:
  explicit HomeLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace tba::daemon
