#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/storage/store.h"
#include "shared/uuid.h"

namespace tba::engine {

/// Tells whoever watches a run what was stored of it. May be used from any thread.
class RunFeed {
 public:
  /// What one change wrote of the run, or a sign that some were missed because they were not taken
  /// fast enough: the watcher then reads the run anew.
  struct News {
    std::vector<storage::Write> writes;
    bool missed_some = false;
  };

  /// One watcher. For a single coroutine.
  class Subscription {
   public:
    virtual ~Subscription() = default;
    /// The next news, as soon as there are any. Throws boost::system::system_error when its
    /// coroutine is cancelled.
    virtual boost::asio::awaitable<News> next() = 0;
  };

  RunFeed();
  ~RunFeed();

  /// From now on the run's news are kept for this watcher, up to a bound. Its news come on
  /// `executor`.
  std::unique_ptr<Subscription> watch(RunId run, boost::asio::any_io_executor executor);

  /// Whether anybody watches the run: asked first, so that nothing is copied for nobody.
  bool is_watched(RunId run) const;

  /// To be called after the writes are on disk, in their order.
  void publish(RunId run, const std::vector<storage::Write>& writes);

 private:
  class Watcher;
  struct Watchers;
  std::shared_ptr<Watchers> watchers_;
};

}  // namespace tba::engine
