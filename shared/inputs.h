#pragma once

#include <vector>

#include "shared/error.h"
#include "shared/value/value.h"
#include "shared/workflow.h"

namespace tba {

/// A run's inputs: what was given (an object or null), with the defaults of what was not. Errors
/// (`invalid`): an input that is unknown, missing or of another type; the message names all of
/// them.
Result<Value> fill_inputs(const std::vector<Input>& inputs, const Value& given);

/// The inputs of a run that nobody gave any: the defaults, null for an input without one.
Value default_inputs(const std::vector<Input>& inputs);

}  // namespace tba
