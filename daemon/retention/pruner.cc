#include "daemon/retention/pruner.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tba::retention {

namespace asio = boost::asio;

namespace {

/// How often it is looked for versions that no run uses: it means looking at every run.
constexpr std::chrono::hours kVersionInterval{12};

constexpr std::uint64_t kBytesGivenBack = 256 << 10;  // at a time

}  // namespace

Pruner::Pruner(Environment environment, Limits limits)
    : environment_(std::move(environment)),
      limits_(std::move(limits)),
      tasks_(environment_.executor, environment_.log, "the pruner") {}

void Pruner::start() {
  set_alarm(kFirst);
}

asio::awaitable<void> Pruner::stop() {
  stopping_ = true;
  environment_.alarm.clear();
  co_await tasks_.wait();
}

void Pruner::set_alarm(Duration after) {
  if (stopping_) return;
  environment_.alarm.set(environment_.clock.now() + after, [this] { tasks_.spawn(go_round()); });
}

asio::awaitable<void> Pruner::go_round() {
  Round round;
  round.at = environment_.clock.now();
  const auto pruned = co_await prune(round);
  round.took = environment_.clock.now() - round.at;
  if (!pruned) {
    environment_.log.warning("the history could not be pruned; trying again later",
                             {{"why", pruned.error().message}});
  } else if (round.runs + round.rows > 0) {
    environment_.log.info(
        "pruned the history",
        {{"runs", round.runs}, {"other_rows", round.rows}, {"bytes", round.bytes}});
  }
  last_ = round;
  set_alarm(kInterval);
}

asio::awaitable<Result<>> Pruner::prune(Round& round) {
  const auto now = round.at;
  const auto usage = co_await environment_.store.usage();
  if (!usage) co_return usage.error();
  auto done = co_await remove(removals_by_workflow(limits_, *usage, now), round);
  if (!done) co_return done;
  const auto left = co_await environment_.store.usage();
  if (!left) co_return left.error();
  done = co_await remove(removals_in_all(limits_, *left), round);
  if (!done) co_return done;
  done = co_await remove(other_removals(limits_, now), round);
  if (!done) co_return done;
  done = co_await remove_lone_deliveries(now - limits_.deliveries, round);
  if (!done) co_return done;
  done = co_await remove_versions(now);
  if (!done) co_return done;
  co_return co_await give_space_back();
}

asio::awaitable<Result<>> Pruner::remove(std::vector<Removal> removals, Round& round) {
  for (auto& [what, most] : removals) {
    auto& count = std::holds_alternative<storage::EndedRuns>(what) ? round.runs : round.rows;
    storage::Bite bite;
    bite.what = what;
    bite.most = most;
    for (bool more = true; more && !stopping_;) {
      const auto pruned = co_await environment_.store.prune(bite);
      if (!pruned) co_return pruned.error();
      count += pruned->removed;
      round.bytes += pruned->bytes;
      bite.most -= pruned->removed;
      bite.after = pruned->last;
      more = pruned->more;
    }
  }
  co_return Result<>();
}

/// Those that were looked at are not looked at again: one that has started a run goes with it.
asio::awaitable<Result<>> Pruner::remove_lone_deliveries(Instant before, Round& round) {
  storage::Bite bite;
  bite.what = storage::LoneDeliveries{before};
  bite.after = deliveries_done_;
  for (bool more = true; more && !stopping_;) {
    const auto pruned = co_await environment_.store.prune(bite);
    if (!pruned) co_return pruned.error();
    round.rows += pruned->removed;
    round.bytes += pruned->bytes;
    bite.after = deliveries_done_ = pruned->last;
    more = pruned->more;
  }
  co_return Result<>();
}

/// Removes versions that were unused and not in force both now and when that was last looked at: a
/// run that was being made of one then is there by now.
asio::awaitable<Result<>> Pruner::remove_versions(Instant now) {
  if (stopping_ || (versions_looked_at_ && now - *versions_looked_at_ < kVersionInterval))
    co_return Result<>();
  const auto found = co_await environment_.store.unused_versions();
  if (!found) co_return found.error();
  std::set<storage::VersionHash> unused(found->begin(), found->end());
  for (const auto& hash : environment_.versions_in_force()) unused.erase(hash);
  storage::Change change;
  for (const auto& hash : unused) {
    if (unused_versions_.contains(hash)) change.writes.emplace_back(storage::RemoveVersion{hash});
  }
  unused_versions_ = std::move(unused);
  versions_looked_at_ = now;
  if (change.writes.empty()) co_return Result<>();
  const auto removed = co_await environment_.store.submit(std::move(change));
  if (!removed) co_return removed.error();
  co_return Result<>();
}

asio::awaitable<Result<>> Pruner::give_space_back() {
  std::uint64_t too_much = 0;
  do {
    const auto file = co_await environment_.store.give_back(std::min(too_much, kBytesGivenBack));
    if (!file) co_return file.error();
    too_much = to_give_back(*file);
  } while (too_much > 0 && !stopping_);
  co_return Result<>();
}

}  // namespace tba::retention
