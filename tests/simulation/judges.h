#pragma once

#include "tests/simulation/evidence.h"

/// What has to hold, kind by kind. Each complains of what does not.
namespace tba::simulation {

// --- of one run

/// It ended as its steps did, and only if it could.
void judge_outcome(const Evidence& evidence, const Case& run);

/// The steps were done in the order of their lists; those that hold others have made of these what
/// they had to.
void judge_lists(const Evidence& evidence, const Case& run);

/// What is stored of a step is what its attempts were told, and what later ones read of it.
void judge_steps(const Evidence& evidence, const Case& run);

/// Steps and the runs that they made agree.
void judge_sub_runs(const Evidence& evidence, const Case& run);

/// Where nothing goes on by itself any more, it is over, or waits for something that has a name.
void judge_rest(const Evidence& evidence, const Case& run);

// --- of all

/// What people were promised was done, or is stored to be done.
void judge_signals(const Evidence& evidence);

/// Who shares a limit had their turns in order, and was not turned away without need.
void judge_turns(const Evidence& evidence);

/// Not more runs are in progress than a limit allows.
void judge_limits(Observer& observer, Journal& journal);

/// Slots of schedules, and events, have started what they had to, once.
void judge_starts(const Evidence& evidence);

// --- what they share

/// Whether a step takes an event with that number.
bool matches(const WaitStep& wait, std::int64_t n);

}  // namespace tba::simulation
