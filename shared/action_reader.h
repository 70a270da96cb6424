#pragma once

#include "shared/key_table.h"
#include "shared/workflow_reading.h"

namespace tba {

/// What a step does, of those that act or make data: call, http, run, set, wait. `step` are the
/// step's keys.
Action read_action(const Fields& step, ExpressionPlace place, WorkflowReading& reading);

/// The beginning of the URL of an `http` step, its origin included, as far as the file says it;
/// else empty.
std::string known_url(const yaml::Node& http);

}  // namespace tba
