#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <set>
#include <vector>

#include "daemon/storage/records.h"
#include "shared/uuid.h"

namespace tba::engine {

/// With so many crashes while it alone was on trial, a run is set aside.
inline constexpr int kMostSoloCrashes = 2;

/// Finds out which run it is that ends the daemon again and again. Runs that were under way at more
/// than one crash, and did not get on in between, are suspects: they are resumed in groups, each
/// once the one before it has passed. The group that a crash meets is resumed in halves by the next
/// start, before all others; so it is soon one run that is on trial alone, and only the crashes
/// that it meets then count against it. A run that has met one is resumed last, alone: whoever
/// kills the daemon at random meets the same run alone twice only where hardly any other is left.
///
/// The rows of the runs keep what must be known at the next start. Used on one executor.
class Trials {
 public:
  struct Suspect {
    RunId run;
    int crashes = 0;
    int solo_crashes = 0;
    bool was_on_trial = false;  ///< When the daemon died.
  };

  /// The row as it was found, before this start's crash was counted.
  void add(const storage::Run& row);

  /// Whether its trial has not begun, so that it must not be touched yet.
  bool is_ahead_of(RunId run) const { return ahead_.contains(run); }

  /// Chooses the next group. Nothing where one is on trial, or none is left.
  std::vector<Suspect> next();

  /// It is on trial now.
  void begin();

  /// It could not be begun, and comes again.
  void put_back();

  /// The run has got on, or was given time enough. Whether it was the last of its group.
  bool pass(RunId run);

  /// Those on trial that have not passed.
  const std::set<RunId>& on_trial() const { return on_trial_; }

  /// How long the group is given: more with each crash, for a run may take its time to do its
  /// harm.
  std::chrono::seconds time() const;

 private:
  void plan();
  void plan_group(std::vector<Suspect>& suspects, std::size_t size);

  std::vector<Suspect> suspects_;  // that are in no group yet
  std::set<RunId> ahead_;          // those whose trial has not begun
  std::deque<std::vector<Suspect>> groups_;
  std::vector<Suspect> group_;  // that was chosen last
  std::set<RunId> on_trial_;    // those of it that have not passed
};

}  // namespace tba::engine
