#include "daemon/storage/worker.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using tba::storage::InlineWorker;
using tba::storage::ThreadWorker;

TEST_CASE("worker: one thread carries tasks out in order, all of them before it stops") {
  std::vector<int> done;
  ThreadWorker worker("test");
  CHECK(worker.concurrency() == 1);
  for (int i = 0; i < 1000; ++i) worker.post([&done, i] { done.push_back(i); });
  worker.stop();
  std::vector<int> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(done == expected);
}

TEST_CASE("worker: several threads work at the same time") {
  ThreadWorker worker("test", 2);
  CHECK(worker.concurrency() == 2);
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  // Each task ends only once the other has begun.
  for (int i = 0; i < 2; ++i) {
    worker.post([&] {
      std::unique_lock lock(mutex);
      ++arrived;
      changed.notify_all();
      changed.wait(lock, [&] { return arrived == 2; });
    });
  }
  worker.stop();
  CHECK(arrived == 2);
}

TEST_CASE("worker: without a thread, each task is a handler of the executor") {
  boost::asio::io_context context;
  std::vector<int> done;
  InlineWorker worker(context.get_executor());
  for (int i = 0; i < 3; ++i) worker.post([&done, i] { done.push_back(i); });
  CHECK(done.empty());
  context.run_one();
  CHECK(done == std::vector{0});
  worker.stop();
  CHECK(done == std::vector{0, 1, 2});
  context.run();  // what the executor still holds does nothing any more
  CHECK(done == std::vector{0, 1, 2});
}

TEST_CASE("worker: an executor may outlive the worker") {
  boost::asio::io_context context;
  int done = 0;
  {
    InlineWorker worker(context.get_executor());
    worker.post([&] { ++done; });
  }
  context.run();
  CHECK(done == 1);
}
