#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/engine/engine.h"
#include "daemon/storage/sqlite_store.h"
#include "shared/connector_catalog.h"
#include "tests/support/fake_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

namespace tba::tests {

/// An alarm that rings when the world's clock is moved past its instant.
class FakeAlarm final : public engine::Alarm {
 public:
  void set(Instant when, std::function<void()> ring) override {
    when_ = when;
    ring_ = std::move(ring);
  }
  void clear() override { when_.reset(); }

  std::optional<Instant> when() const { return when_; }
  void ring() {
    when_.reset();
    std::exchange(ring_, nullptr)();
  }

 private:
  std::optional<Instant> when_;
  std::function<void()> ring_;
};

/// Carries out attempts as a test says: each step's answers in order, the last one again and again;
/// a step without any hangs until it is cancelled. Remembers what it was asked for.
class ScriptedRunner final : public engine::AttemptRunner {
 public:
  using Answer = std::function<engine::AttemptOutcome(const engine::Attempt&)>;

  void answer(const std::string& step, engine::AttemptOutcome outcome) {
    answers_[step].push_back([outcome](const engine::Attempt&) { return outcome; });
  }
  void answer_with(const std::string& step, Answer answer) {
    answers_[step].push_back(std::move(answer));
  }
  /// The step's next attempts hang again.
  void hang(const std::string& step) { answers_.erase(step); }

  boost::asio::awaitable<engine::AttemptOutcome> perform(engine::Attempt attempt,
                                                         engine::LineSink log) override;

  /// Whether attempts that hang ignore being cancelled, until let_go().
  bool stubborn = false;
  int cancellations = 0;
  void let_go();

  /// Lines that every attempt writes before it answers.
  std::vector<std::string> lines;
  std::vector<engine::Attempt> attempts;
  /// How many of them were of that step.
  std::size_t attempts_of(const std::string& step) const;

 private:
  boost::asio::awaitable<void> hang();

  std::map<std::string, std::deque<Answer>> answers_;
  std::set<boost::asio::steady_timer*> hanging_;
};

engine::AttemptOutcome succeeds(Value result = Value());
engine::AttemptOutcome answers(int status,
                               std::optional<std::chrono::milliseconds> retry_after = {});
engine::AttemptOutcome is_lost();      ///< Sent, never answered.
engine::AttemptOutcome is_not_sent();  ///< Refused before anything was sent.

/// The real engine over the real store, on one thread, with time, randomness, attempts and crashes
/// in the test's hands: what happens depends on nothing but the test.
class EngineWorld {
 public:
  explicit EngineWorld(std::uint64_t seed = 1);
  ~EngineWorld();

  /// Reads a workflow, as the file of that name would be; sub-runs find it from now on. Fails the
  /// test where it has errors.
  std::shared_ptr<const engine::Definition> workflow(const std::string& text,
                                                     const std::string& name = "test");

  /// A run to be admitted, as a trigger of that kind would make it.
  engine::Start new_start(const std::shared_ptr<const engine::Definition>& definition,
                          const std::string& kind = "manual");

  /// Starts a run by hand and lets it go on as far as it can.
  RunId start(const std::shared_ptr<const engine::Definition>& definition,
              Value inputs = Value::object({}));
  RunId start(const std::string& text, Value inputs = Value::object({}));

  /// Awaits the coroutine while the world goes on.
  template <class T>
  T await(boost::asio::awaitable<T> task) {
    std::optional<T> result;
    boost::asio::co_spawn(io(), std::move(task), [&](std::exception_ptr exception, T value) {
      if (exception) std::rethrow_exception(exception);
      result.emplace(std::move(value));
    });
    while (!result) turn();
    return std::move(*result);
  }
  void await(boost::asio::awaitable<void> task);

  /// Carries out everything that can happen without time passing.
  void settle();
  /// Lets time pass; alarms ring on the way, at their instants.
  void pass(Duration time);

  /// The daemon dies and another one starts on the same database. With `start` false it is not yet
  /// told to go on with the runs.
  void crash(bool start = true);

  storage::Run run(RunId id);
  std::vector<storage::Step> steps(RunId id);
  storage::Step step(RunId id, const std::string& key);
  std::vector<std::string> log(RunId id);
  /// Makes the stored result of a step one that cannot be read any more.
  void damage_result(RunId id, const std::string& step);

  engine::Engine& engine();
  storage::SqliteStore& store();
  engine::RunFeed& feed();
  engine::Definitions& definitions();
  boost::asio::io_context& io();

  FakeClock clock;
  SeededRandom random;
  UuidGenerator ids;
  ScriptedRunner runner;
  TemporaryFolder folder;
  Value vars = Value::object({});  ///< The configuration's, from a daemon's next start on.
  expression::Budget budget;       ///< Likewise.
  std::map<std::string, engine::NotifyTarget> notify_targets;  ///< By name.
  ConnectorCatalog connectors = built_in_connectors();         ///< What workflows call.

 private:
  struct Daemon;
  void turn();
  Result<std::shared_ptr<const engine::Definition>> find_workflow(const std::string& name) const;
  Result<engine::NotifyTarget> find_notify_target(const std::string& name) const;

  std::map<std::string, std::shared_ptr<const engine::Definition>> workflows_;
  std::unique_ptr<daemon::Log> log_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace tba::tests
