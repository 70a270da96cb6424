// Puts defects into the daemon, one at a time, and looks whether the simulation finds them: what
// cannot find anything proves nothing.

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/simulation/simulation.h"

namespace tba::simulation {
namespace {

using engine::Attempt;
using engine::AttemptOutcome;

constexpr std::uint64_t kMostSeeds = 1000;

/// What is complained of first, in scenario after scenario, until it contains the text.
bool finds(const Sabotage& sabotage, const std::string& expected) {
  for (std::uint64_t seed = 1; seed <= kMostSeeds; ++seed) {
    for (const auto& complaint : Simulation(random_scenario(seed), sabotage).run().complaints) {
      if (complaint.find(expected) != std::string::npos) return true;
    }
  }
  return false;
}

/// A store that changes or leaves out writes of one kind.
template <class Write, class Change>
Sabotage with_each(Change change) {
  Sabotage sabotage;
  sabotage.change = [change](storage::Change& whole) {
    std::erase_if(whole.writes, [&](storage::Write& any) {
      auto* write = std::get_if<Write>(&any);
      return write && !change(*write);
    });
  };
  return sabotage;
}

/// A runner that does something else with attempts.
class OtherRunner final : public engine::AttemptRunner {
 public:
  using Perform = std::function<boost::asio::awaitable<AttemptOutcome>(engine::AttemptRunner&,
                                                                       Attempt, engine::LineSink)>;
  OtherRunner(engine::AttemptRunner& runner, Perform perform)
      : runner_(runner), perform_(std::move(perform)) {}

  boost::asio::awaitable<AttemptOutcome> perform(Attempt attempt, engine::LineSink log) override {
    return perform_(runner_, std::move(attempt), std::move(log));
  }

 private:
  engine::AttemptRunner& runner_;
  Perform perform_;
};

Sabotage with_runner(OtherRunner::Perform perform) {
  Sabotage sabotage;
  sabotage.runner = [perform](engine::AttemptRunner& runner) {
    return std::make_unique<OtherRunner>(runner, perform);
  };
  return sabotage;
}

}  // namespace

TEST_CASE("simulation: a disk that lies about syncs is found out") {
  Sabotage sabotage;
  sabotage.disk_lies = true;
  CHECK(finds(sabotage, "the acknowledged delivery"));
}

TEST_CASE("simulation: acknowledging before the commit is found out") {
  Sabotage sabotage;
  sabotage.acknowledges_early = true;
  CHECK(finds(sabotage, "the acknowledged delivery"));
  CHECK(finds(sabotage, "was made and is not stored"));
}

TEST_CASE("simulation: acting before the attempt is stored is found out") {
  CHECK(finds(with_each<storage::PutStep>(
                  [](storage::PutStep& put) { return put.step.status != StepStatus::running; }),
              "begins, while the store says"));
}

TEST_CASE("simulation: a run that is lost is found out") {
  int count = 0;
  CHECK(finds(with_each<storage::AddRun>([&](storage::AddRun&) { return ++count % 10 != 0; }),
              "is lost"));
}

TEST_CASE("simulation: a delivery that is taken twice is found out") {
  int count = 0;
  CHECK(finds(with_each<storage::AddDelivery>([&](storage::AddDelivery& add) {
                if (!add.delivery.sender_id.empty())
                  add.delivery.path += std::string(static_cast<std::size_t>(++count % 2), '/');
                return true;
              }),
              "was acknowledged as"));
}

TEST_CASE("simulation: a slot that fires twice is found out") {
  CHECK(finds(with_each<storage::AddSlot>([](storage::AddSlot&) { return false; }), "has 2 runs"));
}

TEST_CASE("simulation: a result that is not what was answered is found out") {
  CHECK(finds(with_each<storage::PutStep>([](storage::PutStep& put) {
                auto& text = put.step.result_json;
                if (const auto at = text.find("\"n\":"); at != std::string::npos)
                  text.insert(at + 4, "1");
                return true;
              }),
              "is not what was answered"));
}

TEST_CASE("simulation: a step whose end is forgotten is found out") {
  CHECK(finds(with_each<storage::PutStep>([](storage::PutStep& put) {
                if (put.step.status == StepStatus::succeeded) put.step.status = StepStatus::running;
                return true;
              }),
              "' is running"));
}

TEST_CASE("simulation: a step of which it is forgotten that it must happen once is found out") {
  CHECK(finds(with_each<storage::PutStep>([](storage::PutStep& put) {
                put.step.effect = Effect::repeat;
                return true;
              }),
              "begins, while the store says"));
}

TEST_CASE("simulation: a run whose end is forgotten is found out") {
  CHECK(finds(with_each<storage::UpdateRun>([](storage::UpdateRun& update) {
                auto& run = update.run;
                if (run.status == RunStatus::cancelled) run.status = RunStatus::running;
                return true;
              }),
              "nothing goes on, and it is not over"));
}

TEST_CASE("simulation: a run that ends twice is found out") {
  std::optional<storage::Run> over;
  int count = 0;
  Sabotage sabotage;
  sabotage.change = [&](storage::Change& change) {
    const bool is_of_run = std::ranges::any_of(change.writes, [](const storage::Write& write) {
      return std::holds_alternative<storage::UpdateRun>(write);
    });
    if (over && is_of_run && ++count % 20 == 0) {
      over->status = RunStatus::cancelled;
      change.writes.emplace_back(storage::UpdateRun{*std::exchange(over, std::nullopt)});
    }
    for (const auto& write : change.writes) {
      const auto* update = std::get_if<storage::UpdateRun>(&write);
      if (!update || update->run.status != RunStatus::failed) continue;
      over = update->run;
      ++over->epoch;
    }
  };
  CHECK(finds(sabotage, "had failed and now is cancelled"));
}

TEST_CASE("simulation: what a run was told and is forgotten is found out") {
  const auto without = [](std::string_view kind) {
    return with_each<storage::AddSignal>(
        [kind](storage::AddSignal& add) { return add.signal.kind != kind; });
  };
  CHECK(finds(without("cancel"), "that it is to be cancelled is forgotten"));
  CHECK(finds(without("approval"), "a verdict for step"));
  CHECK(finds(without("resume"), "a decision about step"));
  CHECK(finds(without("sub-run"), "nothing goes on, and it is not over"));
}

TEST_CASE("simulation: an event that is not stored is found out") {
  CHECK(finds(with_each<storage::AddEvent>([](storage::AddEvent&) { return false; }), "is lost"));
}

TEST_CASE("simulation: results of a loop that are not in order are found out") {
  CHECK(finds(with_each<storage::PutStep>([](storage::PutStep& put) {
                constexpr std::string_view kList = R"({"body":[)";
                auto& text = put.step.result_json;
                if (text.starts_with(kList) && text.size() > kList.size() + 2)
                  text.insert(kList.size(), "0,");
                return true;
              }),
              ", and what it holds "));
}

TEST_CASE("simulation: a step that is left out is found out") {
  CHECK(finds(with_each<storage::PutStep>(
                  [](storage::PutStep& put) { return put.step.status != StepStatus::skipped; }),
              "began before its turn"));
}

TEST_CASE("simulation: a wait that is cut short is found out") {
  static constexpr auto kTooSoon = std::chrono::milliseconds(1);
  Sabotage sabotage;
  sabotage.change = [](storage::Change& change) {
    for (auto& write : change.writes) {
      if (auto* put = std::get_if<storage::PutStep>(&write); put && put->step.due_at)
        *put->step.due_at -= kTooSoon;
      if (auto* update = std::get_if<storage::UpdateRun>(&write); update && update->run.wake_at)
        *update->run.wake_at -= kTooSoon;
    }
  };
  CHECK(finds(sabotage, "did not wait long enough"));
}

TEST_CASE("simulation: a sub-run that ends otherwise than its step is found out") {
  CHECK(finds(with_each<storage::AddSignal>([](storage::AddSignal& add) {
                constexpr std::string_view kFailed = R"("failed")";
                auto& text = add.signal.data_json;
                if (const auto at = text.find(kFailed); at != std::string::npos)
                  text.replace(at, kFailed.size(), R"("succeeded")");
                return true;
              }),
              "succeeded, and its run"));
}

TEST_CASE("simulation: more runs than a limit allows are found out") {
  CHECK(finds(with_each<storage::AddRun>([](storage::AddRun& add) {
                if (add.run.status == RunStatus::queued) add.run.status = RunStatus::running;
                return true;
              }),
              "are in progress than"));
}

TEST_CASE("simulation: a run that ends the daemon for ever is found out") {
  CHECK(finds(with_each<storage::CountCrash>([](storage::CountCrash&) { return false; }),
              "a run has ended the daemon"));
}

TEST_CASE("simulation: a step that must happen once and is repeated is found out") {
  const auto twice = [](engine::AttemptRunner& runner, Attempt attempt,
                        engine::LineSink log) -> boost::asio::awaitable<AttemptOutcome> {
    auto again = attempt;
    auto outcome = co_await runner.perform(std::move(attempt), log);
    if (!outcome.unknown || again.effect != Effect::once) co_return outcome;
    co_return co_await runner.perform(std::move(again), log);
  };
  CHECK(finds(with_runner(twice), "must happen once"));
}

TEST_CASE("simulation: an unknown end that is passed over is found out") {
  const auto sure = [](engine::AttemptRunner& runner, Attempt attempt,
                       engine::LineSink log) -> boost::asio::awaitable<AttemptOutcome> {
    auto outcome = co_await runner.perform(std::move(attempt), std::move(log));
    outcome.unknown = false;
    co_return outcome;
  };
  CHECK(finds(with_runner(sure), "may have acted, and is said to have failed"));
}

TEST_CASE("simulation: an idempotency key that changes is found out") {
  const auto renamed = [](engine::AttemptRunner& runner, Attempt attempt,
                          engine::LineSink log) -> boost::asio::awaitable<AttemptOutcome> {
    if (auto* call = std::get_if<engine::EndpointCall>(&attempt.request))
      call->idempotency_key += std::to_string(attempt.number);
    return runner.perform(std::move(attempt), std::move(log));
  };
  CHECK(finds(with_runner(renamed), "another idempotency key"));
}

}  // namespace tba::simulation
