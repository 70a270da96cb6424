// The promises of durability hold for any scenario, whatever happens to daemon and disk; and where
// they do not, that is found. README.md says how to run and read it.

#include "tests/simulation/simulation.h"

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace tba::simulation {
namespace {

constexpr std::size_t kReportedFailures = 3;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::stoull(text) : otherwise;
}

std::uint64_t first_seed() {
  return number_from_environment("TBA_SIMULATION_SEED", 1);
}
std::uint64_t seeds() {
  return number_from_environment("TBA_SIMULATION_SEEDS", 300);
}

/// What many simulations came to.
class Tally {
 public:
  Verdict run(const Scenario& scenario) {
    auto verdict = Simulation(scenario).run();
    ++scenarios_;
    runs_ += verdict.runs;
    attempts_ += verdict.attempts;
    daemons_ += static_cast<std::size_t>(verdict.lives);
    if (!verdict.complaints.empty() && ++failures_ <= kReportedFailures) report(scenario, verdict);
    return verdict;
  }

  std::size_t failures() const { return failures_; }

  void print() const {
    std::cout << "simulation: " << scenarios_ << " scenarios, " << daemons_ << " daemons, " << runs_
              << " runs, " << attempts_ << " attempts, " << failures_ << " failures" << std::endl;
  }

 private:
  // Not through Catch2, which breaks lines.
  static void report(const Scenario& scenario, const Verdict& verdict) {
    std::cerr << "TBA_SIMULATION_SEED=" << scenario.seed << " TBA_SIMULATION_SEEDS=1\n";
    for (const auto& complaint : verdict.complaints) std::cerr << "BROKEN: " << complaint << "\n";
    std::cerr << described(scenario);
    for (const auto& line : verdict.journal) std::cerr << line << "\n";
    std::cerr << std::endl;
  }

  std::size_t scenarios_ = 0, daemons_ = 0, runs_ = 0, attempts_ = 0, failures_ = 0;
};

/// Every end that the first daemon of a scenario can come to, given what it did when nothing ended
/// it.
std::vector<End> every_end(const Verdict::Counts& counts) {
  std::vector<End> ends;
  const auto add = [&](End::When when, std::uint64_t count, bool after, Crash crash) {
    End end;
    end.when = when;
    end.count = count;
    end.after = after;
    end.crash = crash;
    end.until_next = std::chrono::seconds(1);
    ends.push_back(end);
  };
  for (std::uint64_t sync = 1; sync <= counts.syncs; ++sync) {
    add(End::When::sync, sync, false, Crash::power);
    add(End::When::sync, sync, false, Crash::process);
    add(End::When::sync, sync, true, Crash::power);
  }
  for (std::uint64_t effect = 1; effect <= counts.effects; ++effect)
    add(End::When::effect, effect, true, Crash::power);
  return ends;
}

}  // namespace

TEST_CASE("simulation: every promise is kept in random scenarios") {
  Tally tally;
  for (auto seed = first_seed(); seed < first_seed() + seeds(); ++seed)
    tally.run(random_scenario(seed));
  tally.print();
  CHECK(tally.failures() == 0);
}

TEST_CASE("simulation: every promise is kept when the daemon ends at any commit or effect") {
  Tally tally;
  for (auto seed = first_seed(); seed < first_seed() + (seeds() + 99) / 100; ++seed) {
    auto scenario = small_scenario(seed);
    const auto undisturbed = tally.run(scenario);
    REQUIRE(undisturbed.lives == 1);
    Dice dice(seed);
    for (const auto& end : every_end(undisturbed.first_life)) {
      scenario.ends = {end};
      CHECK(tally.run(scenario).lives > 1);
      // And once more while the next daemon recovers.
      scenario.ends.push_back(end);
      scenario.ends.back().count = 1 + dice.below(4);
      tally.run(scenario);
    }
  }
  tally.print();
  CHECK(tally.failures() == 0);
}

TEST_CASE("simulation: a seed gives the same journal again") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto scenario = random_scenario(seed);
    const bool is_same = Simulation(scenario).run().journal == Simulation(scenario).run().journal;
    CHECK(is_same);
  }
}

}  // namespace tba::simulation
