#pragma once

#include <string_view>

#include "shared/workflow_reading.h"

namespace tba {

/// The value of a key that decides something (`if`, `when`, `match`): true, false or exactly one
/// expression, which must be able to give one of them. `key` is what messages call it; it must
/// outlive the reading.
expression::Mapping read_condition(const yaml::Node& node, std::string_view key,
                                   ExpressionPlace place, WorkflowReading& reading);

/// A `retry` of a workflow, where the place belongs to no step, or of a step.
RetryPolicy read_step_retry(const yaml::Node& node, ExpressionPlace place,
                            WorkflowReading& reading);

}  // namespace tba
