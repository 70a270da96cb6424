#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/storage/sqlite_store.h"
#include "shared/clock.h"
#include "shared/random.h"
#include "shared/uuid.h"
#include "tests/benchmark/bare_sqlite.h"

namespace tba::benchmark {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Something like GitHub's `issues.opened`: 11.6 kB, mostly URLs.
inline std::string sample_body(int number) {
  std::string body = R"({"action":"opened","number":)" + std::to_string(number);
  for (int i = 0; body.size() < 11'600; ++i) {
    body += ",\"member_" + std::to_string(i) + "_url\":\"https://api.github.com/repos/octocat/" +
            std::to_string(number * 7919 + i * 104'729) + "/issues{/number}\"";
  }
  return body + "}";
}

/// Clients that have the store carry out runs: for each a delivery, a run and a started step in one
/// change; then the step's result and the run's end in another.
class StoreLoad {
 public:
  explicit StoreLoad(storage::Store& store) : store_(store) {}

  /// Carries out so many runs by so many clients at a time, on the calling thread.
  void carry_out(int runs, int clients, boost::asio::io_context& context) {
    next_ = 0;
    for (int i = 0; i < clients; ++i)
      boost::asio::co_spawn(context, client(runs), boost::asio::detached);
    context.run();
  }

  /// One client: carries out runs until so many have begun.
  boost::asio::awaitable<void> client(int runs) {
    while (next_ < runs) {
      auto [run, step, begin] = beginning(next_++);
      co_await submit(std::move(begin));
      step.status = StepStatus::succeeded;
      step.finished_at = run.finished_at = clock_.now();
      step.result_json = R"({"status":200,"headers":{},"body":{"id":1}})";
      run.status = RunStatus::succeeded;
      storage::Change end{{storage::UpdateRun{std::move(run)}, storage::PutStep{std::move(step)}}};
      co_await submit(std::move(end));
    }
  }

  /// How long each change took, in milliseconds.
  std::vector<double> latencies;

 private:
  struct Beginning {
    storage::Run run;
    storage::Step step;
    storage::Change change;
  };

  Beginning beginning(int number) {
    storage::Delivery delivery{.id = ids_.next<DeliveryId>(),
                               .received_at = clock_.now(),
                               .path = "triage-issues",
                               .workflow = "triage-issues",
                               .connector = "github",
                               .event = "issues.opened",
                               .sender_id = ids_.next<DeliveryId>().text(),
                               .headers_json = R"({"x-github-event":"issues"})",
                               .query_json = "{}",
                               .body = sample_body(number)};
    Beginning made;
    auto& run = made.run;
    run.id = ids_.next<RunId>();
    run.workflow = delivery.workflow;
    run.status = RunStatus::running;
    run.trigger_kind = "webhook";
    run.trigger_json = "{}";
    run.delivery = delivery.id;
    run.inputs_json = "{}";
    run.created_at = run.started_at.emplace(delivery.received_at);
    auto& step = made.step;
    step.run = run.id;
    step.key = "announce";
    step.effect = Effect::once;
    step.started_at = step.attempt_started_at = run.created_at;
    made.change.writes = {storage::AddDelivery{std::move(delivery)}, storage::AddRun{run},
                          storage::PutStep{step}};
    return made;
  }

  boost::asio::awaitable<void> submit(storage::Change change) {
    const Stopwatch stopwatch;
    const auto outcome = co_await store_.submit(std::move(change));
    require(outcome && std::holds_alternative<storage::Committed>(*outcome), "storing a change");
    latencies.push_back(stopwatch.seconds() * 1000);
  }

  storage::Store& store_;
  SystemClock clock_;
  SystemRandom random_;
  UuidGenerator ids_{clock_, random_};
  int next_ = 0;  // number of the next run
};

}  // namespace tba::benchmark
