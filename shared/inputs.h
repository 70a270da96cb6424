#pragma once

#include <string_view>
#include <vector>

#include "shared/clock.h"
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

/// `.trigger` of a run that no delivery started: every key that does not apply is null.
Value plain_trigger(std::string_view kind, Value name, Instant at);

}  // namespace tba
