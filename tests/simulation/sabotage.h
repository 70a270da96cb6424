#pragma once

#include <functional>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "daemon/engine/attempt.h"
#include "tests/support/delayed_store.h"

namespace tba::simulation {

/// A defect to be put in, to see that it is found.
struct Sabotage {
  /// The disk says that it has synced, and has not.
  bool disk_lies = false;
  /// The store says that it has committed, and will.
  bool acknowledges_early = false;
  /// What the store writes instead of a change.
  std::function<void(storage::Change&)> change;
  /// Who carries attempts out instead.
  std::function<std::unique_ptr<engine::AttemptRunner>(engine::AttemptRunner&)> runner;

  bool concerns_store() const { return acknowledges_early || change; }
};

class SabotagedStore final : public tests::DelayedStore {
 public:
  /// All must outlive it.
  SabotagedStore(storage::Store& store, boost::asio::any_io_executor executor,
                 const Sabotage& sabotage)
      : DelayedStore(store, executor), executor_(executor), sabotage_(sabotage) {}

  Awaitable<storage::Outcome> submit(storage::Change change) override {
    if (sabotage_.change) sabotage_.change(change);
    if (!sabotage_.acknowledges_early) return DelayedStore::submit(std::move(change));
    return acknowledge(std::move(change));
  }

 private:
  Awaitable<storage::Outcome> acknowledge(storage::Change change) {
    boost::asio::co_spawn(executor_, DelayedStore::submit(std::move(change)),
                          boost::asio::detached);
    co_return storage::Committed{};
  }

  boost::asio::any_io_executor executor_;
  const Sabotage& sabotage_;
};

}  // namespace tba::simulation
