// What the store costs by itself, beside the least that SQLite needs for the same: for each run a
// delivery of 11.6 kB, a run and a started step in one change; then the step's result and the run's
// end in another. Both are done by 64 clients at a time, alternating, and the rates are given as a
// ratio.
//
//   store_benchmark FOLDER [RUNS] [ROUNDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <zstd.h>

#include "daemon/storage/sqlite_store.h"
#include "tests/benchmark/bare_sqlite.h"
#include "tests/benchmark/store_load.h"

namespace tba::benchmark {
namespace {

constexpr int kClients = 64;

// --- bare SQLite

constexpr const char* kBareSchema = R"sql(
PRAGMA wal_autocheckpoint=4000;
CREATE TABLE deliveries (id INTEGER PRIMARY KEY, sender_id TEXT UNIQUE, body BLOB);
CREATE TABLE runs (id INTEGER PRIMARY KEY, workflow TEXT, status INTEGER, created INTEGER);
CREATE INDEX runs_unfinished ON runs (created) WHERE status < 2;
CREATE TABLE steps (run INTEGER, step INTEGER, status INTEGER, result BLOB,
                    PRIMARY KEY (run, step)) WITHOUT ROWID;
)sql";

class Bare {
 public:
  explicit Bare(const std::filesystem::path& file) : database_(file, kBareSchema) {}
  ~Bare() { ZSTD_freeCCtx(compressor_); }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  /// As many runs as there are bodies: two commits.
  void carry_out(const std::vector<std::string>& bodies) {
    std::vector<std::int64_t> runs;
    database_.execute("BEGIN IMMEDIATE");
    for (const auto& body : bodies) {
      packed_.resize(ZSTD_compressBound(body.size()));
      const auto size = ZSTD_compressCCtx(compressor_, packed_.data(), packed_.size(), body.data(),
                                          body.size(), 1);
      const auto sender_id = "sender-" + std::to_string(++deliveries_);
      add_delivery_.bind_text(1, sender_id);
      add_delivery_.bind_blob(2, {packed_.data(), size});
      add_delivery_.run();
      add_run_.bind(1, deliveries_);
      add_run_.run();
      runs.push_back(database_.last_id());
      add_step_.bind(1, runs.back());
      add_step_.run();
    }
    database_.execute("COMMIT");
    database_.execute("BEGIN IMMEDIATE");
    for (const auto run : runs) {
      end_step_.bind(1, run);
      end_step_.bind_text(2, R"({"status":200,"headers":{},"body":{"id":1}})");
      end_step_.run();
      end_run_.bind(1, run);
      end_run_.run();
    }
    database_.execute("COMMIT");
  }

 private:
  BareDatabase database_;
  BareStatement add_delivery_{database_.get(),
                              "INSERT INTO deliveries (sender_id, body) VALUES (?, ?)"};
  BareStatement add_run_{database_.get(),
                         "INSERT INTO runs (workflow, status, created) VALUES ('w', 0, ?)"};
  BareStatement add_step_{database_.get(), "INSERT INTO steps VALUES (?, 1, 1, NULL)"};
  BareStatement end_step_{database_.get(),
                          "UPDATE steps SET status = 2, result = ?2 WHERE run = ?1 AND step = 1"};
  BareStatement end_run_{database_.get(), "UPDATE runs SET status = 2 WHERE id = ?"};
  ZSTD_CCtx* compressor_ = ZSTD_createCCtx();
  std::string packed_;
  std::int64_t deliveries_ = 0;
};

double measure_bare(const std::filesystem::path& file, int runs) {
  Bare bare(file);
  const Stopwatch stopwatch;
  for (int done = 0; done < runs; done += kClients) {
    std::vector<std::string> bodies;
    for (int i = 0; i < kClients; ++i) bodies.push_back(sample_body(done + i));
    bare.carry_out(bodies);
  }
  return runs / stopwatch.seconds();
}

// --- the store

double measure_store(const std::filesystem::path& file, int runs) {
  boost::asio::io_context context(1);
  const auto store = std::move(storage::SqliteStore::open(file, SystemClock().now()).value());
  const auto before = store->statistics();
  StoreLoad load(*store);
  const Stopwatch stopwatch;
  load.carry_out(runs, kClients, context);
  const auto rate = runs / stopwatch.seconds();
  const auto after = store->statistics();
  const auto per_run = [&](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(to - from) / runs;
  };
  std::printf("  store: %.3f commits, %.2f rows, %.0f bytes per run\n",
              per_run(before.commits, after.commits), per_run(before.rows, after.rows),
              per_run(before.bytes, after.bytes));
  return rate;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace
}  // namespace tba::benchmark

int main(int argc, char** argv) {
  using namespace tba::benchmark;
  if (argc < 2) {
    std::fprintf(stderr, "usage: store_benchmark FOLDER [RUNS] [ROUNDS]\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const int runs = argc > 2 ? std::atoi(argv[2]) : 20'000;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    const auto scratch = folder / ("store-benchmark-" + std::to_string(round));
    std::filesystem::create_directories(scratch);
    const auto bare = measure_bare(scratch / "bare.db", runs);
    const auto store = measure_store(scratch / "store.db", runs);
    std::filesystem::remove_all(scratch);
    std::printf("bare %.0f runs/s, store %.0f runs/s: %.2f\n", bare, store, store / bare);
    ratios.push_back(store / bare);
  }
  std::printf("median ratio %.2f\n", median(ratios));
}
