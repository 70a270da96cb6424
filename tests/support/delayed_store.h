#pragma once

#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/storage/store.h"

namespace tba::tests {

/// A store whose writers may learn late that their changes are on disk, when readers know it. For
/// one thread.
class DelayedStore : public storage::Store {
 public:
  template <class T>
  using Awaitable = boost::asio::awaitable<Result<T>>;

  DelayedStore(storage::Store& store, boost::asio::any_io_executor executor)
      : store_(store), released_(executor, boost::asio::steady_timer::time_point::max()) {}

  void hold() { holds_ = true; }
  void release() {
    holds_ = false;
    released_.cancel();
  }

  Awaitable<storage::Outcome> submit(storage::Change change) override {
    auto outcome = co_await store_.submit(std::move(change));
    while (holds_) {
      boost::system::error_code cancelled;
      co_await released_.async_wait(
          boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }
    co_return outcome;
  }
  Awaitable<std::optional<storage::WorkflowVersion>> version(storage::VersionHash hash) override {
    return store_.version(hash);
  }
  Awaitable<std::vector<storage::VersionHash>> missing_versions(
      std::vector<storage::VersionHash> hashes) override {
    return store_.missing_versions(std::move(hashes));
  }
  Awaitable<std::optional<storage::Run>> run(RunId id) override { return store_.run(id); }
  Awaitable<storage::Page<storage::Run>> runs(storage::RunFilter filter,
                                              storage::PageRequest page) override {
    return store_.runs(std::move(filter), std::move(page));
  }
  Awaitable<std::vector<storage::Run>> children(RunId parent) override {
    return store_.children(parent);
  }
  Awaitable<storage::Page<storage::Run>> runs_to_resume(storage::PageRequest page) override {
    return store_.runs_to_resume(std::move(page));
  }
  Awaitable<storage::Page<storage::Run>> limited_runs(storage::PageRequest page) override {
    return store_.limited_runs(std::move(page));
  }
  Awaitable<std::vector<storage::Parked>> parked(storage::Parked after, Instant until,
                                                 std::size_t limit) override {
    return store_.parked(after, until, limit);
  }
  Awaitable<std::uint64_t> waiting_count() override { return store_.waiting_count(); }
  Awaitable<std::vector<storage::Step>> steps(
      RunId run, std::optional<std::vector<std::string>> results_of) override {
    return store_.steps(run, std::move(results_of));
  }
  Awaitable<std::vector<storage::LogLine>> logs(RunId run, std::int64_t after,
                                                std::size_t limit) override {
    return store_.logs(run, after, limit);
  }
  Awaitable<std::optional<storage::Delivery>> delivery(DeliveryId id) override {
    return store_.delivery(id);
  }
  Awaitable<storage::Page<storage::Delivery>> deliveries(storage::DeliveryFilter filter,
                                                         storage::PageRequest page) override {
    return store_.deliveries(std::move(filter), std::move(page));
  }
  Awaitable<storage::Page<storage::Rejection>> rejections(storage::PageRequest page) override {
    return store_.rejections(std::move(page));
  }
  Awaitable<std::vector<storage::ScheduleMark>> schedules() override { return store_.schedules(); }
  Awaitable<std::vector<storage::Signal>> signals(RunId run) override {
    return store_.signals(run);
  }
  Awaitable<storage::Page<RunId>> signalled_runs(storage::PageRequest page) override {
    return store_.signalled_runs(std::move(page));
  }
  Awaitable<storage::Page<RunId>> signals_of(EventId event, storage::PageRequest page) override {
    return store_.signals_of(event, std::move(page));
  }
  Awaitable<storage::Page<storage::Event>> events(storage::EventFilter filter,
                                                  storage::PageRequest page) override {
    return store_.events(std::move(filter), std::move(page));
  }
  Awaitable<std::optional<storage::CacheEntry>> cached(std::string workflow, std::string step,
                                                       std::string key, Instant now) override {
    return store_.cached(std::move(workflow), std::move(step), std::move(key), now);
  }
  Awaitable<std::optional<storage::PollState>> poll_state(std::string poll) override {
    return store_.poll_state(std::move(poll));
  }
  Awaitable<std::vector<std::string>> unseen(std::string poll,
                                             std::vector<std::string> keys) override {
    return store_.unseen(std::move(poll), std::move(keys));
  }
  Awaitable<std::vector<storage::ClosedLimit>> closed_limits() override {
    return store_.closed_limits();
  }
  Awaitable<std::vector<storage::Credential>> credentials() override {
    return store_.credentials();
  }
  Awaitable<storage::Usage> usage() override { return store_.usage(); }
  Awaitable<storage::Pruned> prune(storage::Bite bite) override {
    return store_.prune(std::move(bite));
  }
  Awaitable<std::vector<storage::VersionHash>> unused_versions() override {
    return store_.unused_versions();
  }
  Awaitable<storage::FileUsage> give_back(std::uint64_t bytes) override {
    return store_.give_back(bytes);
  }
  Awaitable<storage::Backup> back_up(std::filesystem::path target) override {
    return store_.back_up(std::move(target));
  }
  storage::Statistics statistics() const override { return store_.statistics(); }

 private:
  storage::Store& store_;
  bool holds_ = false;
  boost::asio::steady_timer released_;  // never expires; cancelled by release()
};

}  // namespace tba::tests
