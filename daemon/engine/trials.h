#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <set>
#include <vector>

#include "daemon/storage/records.h"
#include "shared/uuid.h"

namespace tba::engine {

/// With so many crashes that it has met alone, a run is set aside; with more, it is not even looked
/// at any more, since nothing of it survived being looked at.
inline constexpr int kMostSoloCrashes = 2;

/// Finds out which run it is that ends the daemon again and again. Runs that were under way at more
/// than one crash, and did not get on in between, are suspects: they are resumed in groups, each
/// once the one before it has passed. The group that a crash meets is resumed in halves by the next
/// start, before all others; so it is soon one run that is on trial alone. Then no other run may
/// act, and only the crashes that it meets then count against it. A run that has met one is tried
/// again before any other suspect, but not before the daemon has lived for some seconds: whoever
/// kills it at random, again and again, does not meet the same run alone a second time. One that
/// survives its trial is cleared of that.
///
/// Found are runs of which an attempt is in flight when they do their harm, no later than four
/// minutes after they were resumed. The rows of the runs keep what must be known at the next start.
/// Used on one executor.
class Trials {
 public:
  struct Suspect {
    RunId run;
    int crashes = 0;
    int solo_crashes = 0;
    bool was_on_trial = false;  ///< When the daemon died.
  };
  using Group = std::vector<Suspect>;

  /// The row as it was found, before this start's crash was counted.
  void add(const storage::Run& row);

  /// Whether its trial has not begun, so that it must not be touched yet.
  bool is_ahead_of(RunId run) const { return ahead_.contains(run); }
  /// How many those are.
  std::size_t ahead() const { return ahead_.size(); }

  /// Whether one of those that were added has met a crash alone. Before next().
  bool has_blamed() const;

  /// Takes the next group. Empty where one is on trial, or none is left.
  Group next();

  /// The group is on trial now.
  void begin(const Group& group);

  /// It could not be begun, and comes again.
  void put_back(Group group);

  /// The run has got on, or was given time enough. Whether it was the last of its group.
  bool pass(RunId run);

  /// Those on trial that have not passed.
  const std::set<RunId>& on_trial() const { return on_trial_; }

 private:
  void plan();
  void plan_group(std::vector<Suspect>& suspects, std::size_t size);

  std::vector<Suspect> suspects_;  // that are in no group yet
  std::set<RunId> ahead_;          // those whose trial has not begun
  std::deque<Group> groups_;
  std::set<RunId> on_trial_;
};

/// How long a group is given: more with each crash, for a run may take its time to do its harm.
std::chrono::seconds time_of(const Trials::Group& group);

}  // namespace tba::engine
