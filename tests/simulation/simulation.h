#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/log.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/history.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/life.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/people.h"
#include "tests/simulation/requests.h"
#include "tests/simulation/sabotage.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/time.h"
#include "tests/simulation/working_folder.h"
#include "tests/support/seeded_random.h"

namespace tba::simulation {

/// What one simulation came to.
struct Verdict {
  std::vector<std::string> complaints;  ///< Empty: every promise was kept.
  std::vector<std::string> journal;
  std::size_t runs = 0;
  std::size_t attempts = 0;
  int lives = 0;  ///< Daemons.

  /// What a daemon can end at.
  struct Counts {
    std::uint64_t writes = 0, syncs = 0, effects = 0;
  };
  Counts first_life;  ///< Of the first daemon, if it lived on.
};

/// The real engine and triggers over the real store, on one thread; time, disk, network, programs
/// and people are simulated. Nothing but the scenario decides what happens.
class Simulation final : private DiskFate {
 public:
  explicit Simulation(Scenario scenario, Sabotage sabotage = {});
  ~Simulation() override;

  /// Lets everything happen, and judges it. Once only.
  Verdict run();

 private:
  // One daemon after the other.
  bool live();
  bool begin();
  bool open_store();
  void plan_end();
  void stop();
  void let_schedules_go_on(Duration span);
  void stop_schedules();
  void die(Crash crash, Duration until_next);
  void apply(const ClockChange& change);
  void die_of_poison();
  void leave_history();
  void end_life();
  bool is_dead() const { return disk_.frozen(); }
  void write_workflows();

  // What happens next.
  bool go_on();
  bool ask_people();
  void judge_end();
  template <class T>
  std::optional<T> await(boost::asio::awaitable<T> task);
  bool succeeds(boost::asio::awaitable<Result<>> task, std::string_view what);

  // What becomes of the disk.
  int before(DiskOperation operation) override;
  void after(DiskOperation operation) override;
  void count(End::When when, bool after, std::uint64_t so_far);

  /// Longer than anything waits: when nothing has changed for that time, nothing will. Each time
  /// that the clock is put back adds to it.
  static constexpr Duration kRest = std::chrono::hours(12);

  const Scenario scenario_;
  const Sabotage sabotage_;
  SimulatedTime time_;
  Journal journal_;
  Dice dice_;
  const WorkingFolder folder_;  // the database's file is made there too, and stays empty
  SimulatedDisk disk_;
  tests::SeededRandom random_;
  UuidGenerator ids_;
  Requests requests_;
  Clients clients_;
  Ledger ledger_;
  People people_;
  Outside outside_;
  History history_;
  Judge judge_;
  std::unique_ptr<daemon::Log> log_;

  std::unique_ptr<Life> life_;
  std::optional<End> end_;  // of this life, if it has one
  Verdict::Counts counts_;  // of this life
  bool is_asked_to_end_ = false;
  bool has_ended_ = false;    // in good order
  std::size_t poisoned_ = 0;  // how often a run has ended the daemon
  int asked_people_ = 0;      // how often, when nothing else happened any more
  Duration changed_at_{0};    // when something was last written to the disk
  Duration rest_ = kRest;
  Duration schedules_until_{0};
  Crash crash_ = Crash::process;
  Duration until_next_{0};
  std::size_t turns_ = 0;
  Verdict verdict_;
};

}  // namespace tba::simulation
