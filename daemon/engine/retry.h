#pragma once

#include <chrono>

#include "daemon/engine/attempt.h"
#include "shared/connector.h"
#include "shared/random.h"

namespace tba::engine {

/// What follows a failed attempt.
enum class AfterFailure {
  retry,      ///< Try again after delay_before().
  ask,        ///< Try again where one of the policy's expressions says so; else it has failed.
  fail,       ///< The step has failed.
  interrupt,  ///< Nobody knows whether it happened, and it must not happen twice: a person decides.
};

/// Decides by policy, effect and what is known of the attempt. Requires a failure in `outcome`.
AfterFailure after_failure(const RetryPolicy& policy, Effect effect, int attempt,
                           const AttemptOutcome& outcome);

/// How long to wait before attempt `attempt + 1`: exponential, bounded by the policy, with "equal
/// jitter" (half fixed, half random) where it says so, and never shorter than what the far side
/// asked for.
std::chrono::milliseconds delay_before(const RetryPolicy& policy, int attempt,
                                       const AttemptOutcome& outcome, Random& random);

}  // namespace tba::engine
