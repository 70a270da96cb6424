#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_set>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/log.h"
#include "daemon/storage/store.h"
#include "shared/uuid.h"

namespace tba::steps {

/// The working folders of runs: each run that runs a program has one of its own, which all its
/// programs share and which goes when the run has ended. Every function may be called from any
/// thread.
class RunFolders {
 public:
  /// What it needs from outside; all must outlive it, and the executor must have carried out what
  /// it was given before.
  struct Environment {
    boost::asio::any_io_executor executor;  ///< For what waits for the disk.
    storage::Store& store;
    daemon::Log& log;
  };

  /// The folders are made in `root`, which is made for nobody else (0700) with the first of them.
  RunFolders(Environment environment, std::filesystem::path root);

  /// Where the programs of the run run; who starts the first makes it. Remembers that it is to be
  /// removed.
  std::string of(RunId run);

  /// Removes the run's folder, in the background, if it has one. A run that has ended runs nothing
  /// any more.
  void remove(RunId run);

  /// Removes what was left by runs that have ended, or that nobody knows any more; to be called
  /// once, while runs may go on already. The folders of the others are remembered.
  boost::asio::awaitable<void> clean_up();

 private:
  std::vector<RunId> left_over();
  void remove_now(RunId run) const;

  Environment environment_;
  const std::filesystem::path root_;
  std::mutex mutex_;
  std::unordered_set<RunId> known_;  // runs that may have a folder; guarded by mutex_
};

}  // namespace tba::steps
