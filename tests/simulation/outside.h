#pragma once

#include <functional>
#include <string>

#include "daemon/engine/attempt.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/time.h"

namespace tba::simulation {

/// The APIs and programs that steps ask for: they take their time, and are as good or bad as the
/// dice want. What they do stands in the ledger; that outlives every daemon.
class Outside {
 public:
  /// `trouble` is how many of a hundred attempts do not simply succeed. All must outlive it.
  Outside(SimulatedTime& time, Ledger& ledger, Journal& journal, std::uint64_t seed,
          unsigned trouble)
      : time_(time), ledger_(ledger), journal_(journal), dice_(seed), trouble_(trouble) {}

  /// One daemon's way to it.
  class Door;

  /// Called when an attempt comes.
  std::function<void()> on_begin;
  /// Called when an attempt has changed something, before anybody hears of it.
  std::function<void()> on_effect;
  /// Called when an attempt is to end the daemon.
  std::function<void()> on_poison;

  /// From now on everything succeeds, and nothing ends the daemon.
  void calm_down() {
    trouble_ = 0;
    on_poison = nullptr;
  }

 private:
  /// What will become of an attempt.
  struct Plan {
    bool acts = false;
    bool answers = true;  // else: nothing is heard of it again
    Duration until_act{0};
    Duration until_answer{0};
    engine::AttemptOutcome outcome;
  };

  Plan plan(const engine::Attempt& attempt);
  Plan plan_request();
  Plan plan_program(const engine::ProgramCall& call);
  Value body();

  SimulatedTime& time_;
  Ledger& ledger_;
  Journal& journal_;
  Dice dice_;
  unsigned trouble_;
  std::int64_t answers_ = 0;
};

class Outside::Door final : public engine::AttemptRunner {
 public:
  /// `is_dead` says whether the daemon is: then its attempts reach nothing any more. All must
  /// outlive it.
  Door(Outside& outside, Observer& observer, int life, std::function<bool()> is_dead)
      : outside_(outside), observer_(observer), life_(life), is_dead_(std::move(is_dead)) {}

  boost::asio::awaitable<engine::AttemptOutcome> perform(engine::Attempt attempt,
                                                         engine::LineSink log) override;

 private:
  void check_that_it_is_stored(const engine::Attempt& attempt);
  engine::AttemptOutcome tell(const engine::Attempt& attempt, std::size_t place,
                              engine::AttemptOutcome outcome);

  Outside& outside_;
  Observer& observer_;
  const int life_;
  std::function<bool()> is_dead_;
};

}  // namespace tba::simulation
