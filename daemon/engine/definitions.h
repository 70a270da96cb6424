#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/definition.h"
#include "daemon/storage/store.h"

namespace tba::engine {

/// The definitions that are in use, by hash: those of the present files and those that unfinished
/// runs began with. May be used from any thread.
class Definitions {
 public:
  /// `store` must outlive it.
  explicit Definitions(storage::Store& store) : store_(store) {}

  /// Keeps the definitions in the store, all of them in one change, and at hand for runs that ask
  /// for them.
  boost::asio::awaitable<Result<>> keep(std::vector<std::shared_ptr<const Definition>> definitions);

  /// The definition of that hash, from memory or the store. Errors: `internal` where it is not
  /// there or not understood.
  boost::asio::awaitable<Result<std::shared_ptr<const Definition>>> get(storage::VersionHash hash);

 private:
  struct HashOfHash {
    std::size_t operator()(const storage::VersionHash& hash) const noexcept;
  };

  std::shared_ptr<const Definition> at_hand(const storage::VersionHash& hash) const;

  storage::Store& store_;
  mutable std::mutex mutex_;
  std::unordered_map<storage::VersionHash, std::weak_ptr<const Definition>, HashOfHash> known_;
};

}  // namespace tba::engine
