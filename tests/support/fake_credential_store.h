#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/storage/store.h"

namespace tba::tests {

/// A store that keeps credentials in memory and knows nothing else. For one thread.
class FakeCredentialStore final : public storage::Store {
 public:
  std::map<std::string, storage::Credential> rows;
  std::optional<Error> failure;              ///< Where set, what everything ends with.
  std::vector<storage::ClosedLimit> limits;  ///< All that were put.
  std::function<void()> before_next_submit;  ///< Called once, while a change is under way.

  boost::asio::awaitable<Result<storage::Outcome>> submit(storage::Change change) override {
    if (auto call = std::exchange(before_next_submit, nullptr)) call();
    if (failure) co_return *failure;
    for (auto& write : change.writes) {
      if (auto* put = std::get_if<storage::PutCredential>(&write)) {
        const auto old = rows.find(put->credential.name);
        if ((old == rows.end() ? 0 : old->second.version) != put->expected_version) {
          co_return storage::Outcome(storage::Conflict{"credential version"});
        }
        rows[put->credential.name] = std::move(put->credential);
      } else if (auto* closed = std::get_if<storage::PutClosedLimit>(&write)) {
        limits.push_back(std::move(closed->limit));
      } else if (rows.erase(std::get<storage::RemoveCredential>(write).name) == 0) {
        co_return storage::Outcome(storage::Conflict{"no such credential"});
      }
    }
    co_return storage::Outcome(storage::Committed{});
  }

  boost::asio::awaitable<Result<std::vector<storage::Credential>>> credentials() override {
    if (failure) co_return *failure;
    std::vector<storage::Credential> all;
    for (const auto& [name, row] : rows) all.push_back(row);
    co_return all;
  }

  boost::asio::awaitable<Result<std::optional<storage::WorkflowVersion>>> version(
      storage::VersionHash) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::vector<storage::VersionHash>>> missing_versions(
      std::vector<storage::VersionHash>) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::optional<storage::Run>>> run(RunId) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Page<storage::Run>>> runs(storage::RunFilter,
                                                                   storage::PageRequest) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::vector<storage::Step>>> steps(
      RunId, std::optional<std::vector<std::string>>) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::vector<storage::LogLine>>> logs(RunId, std::int64_t,
                                                                     std::size_t) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::optional<storage::Delivery>>> delivery(DeliveryId) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Page<storage::Delivery>>> deliveries(
      storage::DeliveryFilter, storage::PageRequest) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Page<storage::Rejection>>> rejections(
      storage::PageRequest) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::vector<storage::ScheduleMark>>> schedules() override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::vector<storage::Run>>> children(RunId) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Page<storage::Run>>> runs_to_resume(
      storage::PageRequest) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Page<storage::Run>>> limited_runs(
      storage::PageRequest) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::vector<storage::Parked>>> parked(storage::Parked, Instant,
                                                                      std::size_t) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::uint64_t>> waiting_count() override { not_for_this(); }
  boost::asio::awaitable<Result<std::vector<storage::Signal>>> signals(RunId) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Page<RunId>>> signalled_runs(
      storage::PageRequest) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Page<RunId>>> signals_of(EventId,
                                                                  storage::PageRequest) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Page<storage::Event>>> events(
      storage::EventFilter, storage::PageRequest) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::optional<storage::CacheEntry>>> cached(std::string,
                                                                            std::string,
                                                                            std::string,
                                                                            Instant) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::optional<storage::PollState>>> poll_state(
      std::string) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::vector<std::string>>> unseen(
      std::string, std::vector<std::string>) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<std::vector<storage::ClosedLimit>>> closed_limits() override {
    if (failure) co_return *failure;
    co_return limits;
  }
  boost::asio::awaitable<Result<storage::Usage>> usage() override { not_for_this(); }
  boost::asio::awaitable<Result<storage::Pruned>> prune(storage::Bite) override { not_for_this(); }
  boost::asio::awaitable<Result<std::vector<storage::VersionHash>>> unused_versions() override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::FileUsage>> give_back(std::uint64_t) override {
    not_for_this();
  }
  boost::asio::awaitable<Result<storage::Backup>> back_up(std::filesystem::path) override {
    not_for_this();
  }
  storage::Statistics statistics() const override { not_for_this(); }

 private:
  [[noreturn]] static void not_for_this() {
    throw std::logic_error("the fake store knows only credentials");
  }
};

}  // namespace tba::tests
