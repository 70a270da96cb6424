#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/engine/attempt.h"
#include "tests/simulation/journal.h"

namespace tba::simulation {

/// An attempt as the world outside saw it.
struct AttemptRecord {
  /// What the daemon was told of its end.
  enum class Told {
    nothing,    ///< The daemon died first.
    success,    ///< It was done.
    failure,    ///< It was answered, and not done as asked.
    not_acted,  ///< It certainly never happened.
    unknown,    ///< Nobody knows.
  };

  int number = 1;
  Effect effect = Effect::repeat;
  std::string idempotency_key;  ///< That came with it.
  int life = 0;                 ///< Of which daemon.
  bool acted = false;           ///< Whether something changed in the world.
  Told told = Told::nothing;
  std::string result_json;  ///< That it was answered with.
};

std::string_view name_of(AttemptRecord::Told told);

/// Everything that reached the world outside, over the lives of all daemons. Complains at once
/// about what must not have come.
class Ledger {
 public:
  using Steps = std::map<std::string, std::vector<AttemptRecord>>;

  /// `count_repeats` tells how often somebody has asked to repeat a step all the same. The journal
  /// must outlive it.
  using CountRepeats = std::function<std::size_t(RunId run, const std::string& step)>;
  Ledger(Journal& journal, CountRepeats count_repeats)
      : journal_(journal), count_repeats_(std::move(count_repeats)) {}

  /// The attempt comes. Gives its place among those of the step.
  std::size_t begin(const engine::Attempt& attempt, int life);
  AttemptRecord& at(RunId run, const std::string& step, std::size_t place) {
    return runs_[run][step][place];
  }

  /// The store says that the step is done with: no attempt of it may come any more.
  void finish(RunId run, const std::string& step) { finished_.emplace(run, step); }

  /// Those of one step, in the order in which they came.
  const std::vector<AttemptRecord>& of(RunId run, const std::string& step) const;
  const std::map<RunId, Steps>& runs() const { return runs_; }
  std::size_t size() const { return size_; }
  /// How many attempts there had been with the last one of that run; 0 where there is none.
  std::size_t last_of(RunId run) const;

 private:
  void judge(const engine::Attempt& attempt, const AttemptRecord& record,
             const std::vector<AttemptRecord>& before);

  Journal& journal_;
  CountRepeats count_repeats_;
  std::map<RunId, Steps> runs_;
  std::map<RunId, std::size_t> last_;
  std::set<std::pair<RunId, std::string>> finished_;
  std::map<std::string, std::string> key_owners_;  // whose step an idempotency key is
  std::size_t size_ = 0;
};

/// The idempotency key that goes out with the request, or empty.
std::string idempotency_key_of(const engine::Request& request);

}  // namespace tba::simulation
