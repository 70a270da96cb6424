#pragma once

#include <string>

#include "daemon/engine/run_state.h"
#include "shared/error.h"
#include "shared/uuid.h"

namespace tba::engine {

/// How a run that is over is tried anew, by a new run that is linked to it.
struct RetryRequest {
  std::string from;     ///< The step at which the new run begins, or empty: at the first.
  bool latest = false;  ///< With the workflow as it is now, instead of as it was.
  std::string by;       ///< Who asks.
};

/// The start of the new run. `old` was read back with the definition that the new one shall
/// execute: its own, or the workflow's latest.
///
/// With `from`, the new run takes over what the old one's steps before that step have left, where
/// these succeeded, were skipped, or failed and could. What comes before it is what stands before
/// it in the list; in a graph, what does not need it. Whatever else comes before it is done anew.
///
/// Errors: `not_found` where the workflow has no such step; `conflict` where the step is held by
/// another one or is not among the workflow's `steps`; `invalid` where the latest version does not
/// take the old run's inputs.
Result<Start> retry_of(const RunState& old, RunId id, const RetryRequest& request);

}  // namespace tba::engine
