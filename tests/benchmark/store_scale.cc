// What the store costs when it holds a lot:
//
//   store_scale FOLDER [MILLIONS]
//
// finished  how fast runs are carried out in a database with a million finished ones, and in an
//           empty one, alternating; what `store info` takes
// pruning   how long writers wait while a fifth of those runs are removed and their space is given
//           back, and without that
// backup    how long writers wait while a backup is made, and that it holds what had been stored
// waiting   with a million waiting runs: what a start reads, and how long that takes; a window of
//           those that are due; memory
//
// Each part that tells memory is a process of its own.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/storage/sqlite_store.h"
#include "tests/benchmark/store_load.h"
#include "tests/support/await.h"

namespace tba::benchmark {
namespace {

using storage::SqliteStore;
using tests::await;

constexpr int kClients = 64;
constexpr int kRunsMeasured = 40'000;
constexpr int kRounds = 3;

std::unique_ptr<SqliteStore> open(const std::filesystem::path& file) {
  return std::move(SqliteStore::open(file, SystemClock().now()).value());
}

/// Runs the part in a process of its own, so that its memory is its own too.
void in_child(const std::function<void()>& part) {
  std::fflush(stdout);
  const auto child = ::fork();
  if (child == 0) {
    part();
    std::fflush(stdout);
    std::_Exit(0);
  }
  int status = 0;
  require(child > 0 && ::waitpid(child, &status, 0) == child && status == 0, "a part's process");
}

/// Megabytes that the process has in memory, or had at most.
double memory(const std::string& which) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(which + ":")) return std::atof(line.c_str() + which.size() + 1) / 1024;
  }
  return 0;
}

double percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(static_cast<double>(values.size() - 1) * part)];
}

void print_latencies(const char* when, const std::vector<double>& latencies) {
  std::printf("  %-28s p50 %6.2f ms, p99 %6.2f ms, at most %6.2f ms, of %zu changes\n", when,
              percentile(latencies, 0.5), percentile(latencies, 0.99), percentile(latencies, 1),
              latencies.size());
}

// --- finished runs

double rate_of(const std::filesystem::path& file) {
  boost::asio::io_context context(1);
  const auto store = open(file);
  StoreLoad load(*store);
  const Stopwatch stopwatch;
  load.carry_out(kRunsMeasured, kClients, context);
  return kRunsMeasured / stopwatch.seconds();
}

void measure_finished(const std::filesystem::path& folder, int runs) {
  const auto full = folder / "finished.db";
  in_child([&] {
    boost::asio::io_context context(1);
    const auto store = open(full);
    StoreLoad(*store).carry_out(runs, 1000, context);
  });
  std::printf("finished: %d runs, %.1f GB\n", runs,
              static_cast<double>(std::filesystem::file_size(full)) / 1e9);
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    const auto empty = folder / ("empty" + std::to_string(round) + ".db");
    const auto alone = rate_of(empty);
    const auto beside = rate_of(full);
    std::filesystem::remove(empty);
    std::printf("  empty %.0f runs/s, full %.0f runs/s: %.2f\n", alone, beside, beside / alone);
    ratios.push_back(beside / alone);
  }
  std::printf("  median ratio %.2f\n", percentile(ratios, 0.5));

  boost::asio::io_context context(1);
  const auto store = open(full);
  const Stopwatch stopwatch;
  const auto usage = await(context, store->usage()).value();
  std::printf("  usage of %lu runs told in %.0f ms\n",
              static_cast<unsigned long>(usage.workflows.at(0).runs), stopwatch.seconds() * 1000);
}

// --- pruning

/// What a pruner asks for, one after the other: to remove runs, then to give their space back.
boost::asio::awaitable<void> prune(storage::Store& store, std::uint64_t runs, bool& ended) {
  const Stopwatch removing;
  storage::Bite bite;
  bite.what = storage::EndedRuns{};
  bite.most = runs;
  std::uint64_t removed = 0;
  for (bool more = true; more;) {
    const auto pruned = co_await store.prune(bite);
    require(pruned.has_value(), "pruning");
    removed += pruned->removed;
    bite.most -= pruned->removed;
    bite.after = pruned->last;
    more = pruned->more;
  }
  std::printf("  removed %lu runs in %.1f s\n", static_cast<unsigned long>(removed),
              removing.seconds());
  const Stopwatch giving;
  std::uint64_t free = 1;
  while (free > 0) {
    const auto file = co_await store.give_back(256 << 10);
    require(file.has_value(), "giving back");
    free = file->free;
  }
  std::printf("  gave their space back in %.1f s\n", giving.seconds());
  ended = true;
}

void measure_pruning(const std::filesystem::path& folder, std::uint64_t runs) {
  std::printf("pruning:\n");
  const auto store = open(folder / "finished.db");
  {
    boost::asio::io_context context(1);
    StoreLoad load(*store);
    load.carry_out(kRunsMeasured, kClients, context);
    print_latencies("writers alone:", load.latencies);
  }
  boost::asio::io_context context(1);
  StoreLoad load(*store);
  bool ended = false;
  for (int i = 0; i < kClients; ++i)
    boost::asio::co_spawn(context, load.client(1 << 30), boost::asio::detached);
  boost::asio::co_spawn(context, prune(*store, runs, ended), boost::asio::detached);
  while (!ended) context.run_one();
  print_latencies("while it is pruned:", load.latencies);
  store->stop();
}

// --- a backup

boost::asio::awaitable<void> back_up(storage::Store& store, const std::filesystem::path& target,
                                     bool& ended) {
  const Stopwatch stopwatch;
  const auto made = co_await store.back_up(target);
  require(made.has_value(), "the backup");
  std::printf("  %.1f GB copied in %.1f s\n", static_cast<double>(made->bytes) / 1e9,
              stopwatch.seconds());
  ended = true;
}

std::uint64_t runs_in(const std::filesystem::path& file) {
  boost::asio::io_context context(1);
  const auto store = open(file);
  const auto usage = await(context, store->usage()).value();
  return usage.workflows.at(0).runs;
}

/// Requires: nothing else writes to the database.
void measure_backup(const std::filesystem::path& folder) {
  std::printf("backup:\n");
  const auto file = folder / "finished.db";
  const auto copy = folder / "backup.db";
  const auto before = runs_in(file);
  {
    const auto store = open(file);
    boost::asio::io_context context(1);
    StoreLoad load(*store);
    bool ended = false;
    for (int i = 0; i < kClients; ++i)
      boost::asio::co_spawn(context, load.client(1 << 30), boost::asio::detached);
    boost::asio::co_spawn(context, back_up(*store, copy, ended), boost::asio::detached);
    while (!ended) context.run_one();
    print_latencies("while it is made:", load.latencies);
    store->stop();
  }
  const auto kept = runs_in(copy);
  require(kept >= before && kept <= runs_in(file), "the runs of the backup");
  std::printf("  it opens, and holds %lu runs\n", static_cast<unsigned long>(kept));
}

// --- waiting runs

void add_waiting(const std::filesystem::path& file, int runs) {
  const SystemClock clock;
  SystemRandom random;
  UuidGenerator ids(clock, random);
  boost::asio::io_context context(1);
  const auto store = open(file);
  for (int done = 0; done < runs;) {
    storage::Change change;
    for (int i = 0; i < 1000 && done < runs; ++i, ++done) {
      storage::Run run;
      run.id = ids.next<RunId>();
      run.workflow = "remind";
      run.status = RunStatus::waiting;
      run.trigger_kind = "manual";
      run.trigger_json = R"({"kind":"manual","name":null,"at":"2026-11-23T08:47:17.086Z"})";
      run.inputs_json = R"({"who":"ada"})";
      run.created_at = run.started_at.emplace(clock.now());
      // In no order, over eleven days.
      run.wake_at = run.created_at + std::chrono::seconds(random.next() % 1'000'000);
      storage::Step step;
      step.run = run.id;
      step.key = "night";
      step.status = StepStatus::waiting;
      step.started_at = step.attempt_started_at = run.created_at;
      step.due_at = run.wake_at;
      change.writes.emplace_back(storage::AddRun{std::move(run)});
      change.writes.emplace_back(storage::PutStep{std::move(step)});
    }
    require(await(context, store->submit(std::move(change))).has_value(), "adding runs");
  }
}

void measure_waiting(const std::filesystem::path& file) {
  boost::asio::io_context context(1);
  const auto before = memory("VmRSS");
  const Stopwatch starting;
  const auto store = open(file);
  const storage::PageRequest page{500, ""};
  const auto resumed = await(context, store->runs_to_resume(page)).value();
  const auto signalled = await(context, store->signalled_runs(page)).value();
  const auto waiting = await(context, store->waiting_count()).value();
  const auto window = await(context, store->parked({}, Instant::max(), 10'000)).value();
  std::printf(
      "waiting: %lu runs\n  opened and read in %.0f ms (%zu to resume, %zu signalled, "
      "%zu soonest)\n",
      static_cast<unsigned long>(waiting), starting.seconds() * 1000, resumed.items.size(),
      signalled.items.size(), window.size());

  std::vector<double> windows;
  for (auto rest = window; !rest.empty();) {
    const Stopwatch stopwatch;
    rest = await(context, store->parked(rest.back(), Instant::max(), 10'000)).value();
    windows.push_back(stopwatch.seconds() * 1000);
  }
  std::printf("  the next 10,000: p50 %.1f ms, at most %.1f ms\n", percentile(windows, 0.5),
              percentile(windows, 1));

  std::vector<double> woken;
  for (int i = 0; i < 500; ++i) {
    const Stopwatch stopwatch;
    const auto id = window[static_cast<std::size_t>(i)].run;
    auto run = *await(context, store->run(id)).value();
    const auto steps = await(context, store->steps(id, std::nullopt)).value();
    run.status = RunStatus::running;
    run.wake_at.reset();
    require(await(context, store->submit({{storage::UpdateRun{run}}})).has_value(), "waking");
    woken.push_back(stopwatch.seconds() * 1000);
  }
  std::printf("  one read and woken: p50 %.2f ms, p99 %.2f ms\n", percentile(woken, 0.5),
              percentile(woken, 0.99));
  const Stopwatch telling;
  require(await(context, store->usage()).has_value(), "telling");
  std::printf("  usage told in %.0f ms\n", telling.seconds() * 1000);
  std::printf("  memory: %.1f MB before, %.1f MB after, at most %.1f MB\n", before, memory("VmRSS"),
              memory("VmHWM"));
}

}  // namespace
}  // namespace tba::benchmark

int main(int argc, char** argv) {
  using namespace tba::benchmark;
  if (argc < 2) {
    std::fprintf(stderr, "usage: store_scale FOLDER [MILLIONS]\n");
    return 2;
  }
  const auto folder = std::filesystem::path(argv[1]) / "store-scale";
  const auto runs = static_cast<int>(1e6 * (argc > 2 ? std::atof(argv[2]) : 1));
  std::filesystem::create_directories(folder);
  in_child([&] { add_waiting(folder / "waiting.db", runs); });
  in_child([&] { measure_waiting(folder / "waiting.db"); });
  std::filesystem::remove(folder / "waiting.db");
  in_child([&] { measure_finished(folder, runs); });
  in_child([&] { measure_backup(folder); });
  in_child([&] { measure_pruning(folder, static_cast<std::uint64_t>(runs / 5)); });
  std::filesystem::remove_all(folder);
}
