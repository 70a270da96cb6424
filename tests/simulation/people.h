#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/uuid.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/requests.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/time.h"

namespace tba::simulation {

/// Those who have a say in runs that there are: they cancel some, approve and reject, decide how
/// interrupted ones go on, and emit events. Each asks once, and remembers what was promised.
class People {
 public:
  /// A step of a run, by its key; an empty one stands for every step that it may concern.
  using Place = std::pair<RunId, std::string>;

  /// Something that was asked of the daemon.
  struct Asked {
    Place place;
    int serial = 0;  ///< Tells it from all others.
    int life = 0;    ///< Of the daemon that was asked.
    std::optional<Instant> acknowledged_at;
  };
  struct Cancel : Asked {
    std::size_t attempts = 0;  ///< That the world had seen when it was acknowledged.
  };
  struct Verdict : Asked {
    bool is_approved = false;
  };
  struct Decision : Asked {
    engine::Engine::Decision what = engine::Engine::Decision::repeat;
  };
  struct Emission : Asked {
    std::string name;
    std::int64_t n = 0;             ///< In its data.
    std::vector<Place> awaited_by;  ///< Steps that waited for its name when it was asked for.
    std::optional<EventId> id;      ///< Known once it was acknowledged.
    std::vector<RunId> runs;        ///< That it has started, as it was acknowledged.
  };

  /// All must outlive it. `count_attempts` tells what the world has seen.
  People(SimulatedTime& time, Journal& journal, Requests& requests, const Scenario& scenario,
         std::function<std::size_t()> count_attempts);

  /// The number of the daemon that is there now.
  void meet(int life) { life_ = life; }

  /// Answers everything that runs ask for at this moment; false where they ask for nothing.
  bool answer_everything();

  const std::map<int, Cancel>& cancels() const { return cancels_; }
  const std::map<int, Verdict>& verdicts() const { return verdicts_; }
  const std::map<int, Decision>& decisions() const { return decisions_; }
  const std::map<int, Emission>& emissions() const { return emissions_; }

  bool has_asked_to_cancel(RunId run) const;
  /// How often it was asked for, with the step or with all of the run's.
  std::size_t count_decisions(const Place& place, engine::Engine::Decision what) const;
  /// The name by which whoever asked that is known.
  static std::string name_of(int serial);

 private:
  void want(Wish::Kind kind);
  void cancel();
  void approve();
  void resume();
  void emit();
  void cancel(RunId run);
  void decide(const Place& place);
  void resume(const Place& place);
  void emit(std::string name, std::int64_t n);
  template <class Something>
  Something& remember(std::map<int, Something>& list, const Place& place);

  SimulatedTime& time_;
  Journal& journal_;
  Requests& requests_;
  std::function<std::size_t()> count_attempts_;
  Dice dice_;
  int life_ = 0;
  int serial_ = 0;
  std::map<int, Cancel> cancels_;
  std::map<int, Verdict> verdicts_;
  std::map<int, Decision> decisions_;
  std::map<int, Emission> emissions_;
};

}  // namespace tba::simulation
