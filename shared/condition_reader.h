#pragma once

#include <string_view>

#include "shared/workflow_reading.h"

namespace tba {

/// The value of a key that decides something (`if`, `when`, `match`): true, false or exactly one
/// expression, which must be able to give one of them. `key` is what messages call it; it must
/// outlive the reading.
expression::Mapping read_condition(const yaml::Node& node, std::string_view key,
                                   ExpressionPlace place, WorkflowReading& reading);

}  // namespace tba
