#pragma once

#include <functional>

#include "daemon/engine/attempt.h"
#include "daemon/engine/definition.h"
#include "shared/error.h"
#include "shared/expression/mapping.h"

namespace tba::engine {

/// Gives the value of a mapping, with the context of the step that it belongs to.
using Evaluate = std::function<Result<Value>(const expression::Mapping&)>;

/// Evaluates what a `call`, `http` or `run` step asks for. Requires one of these. Errors are those
/// of the expressions, and of results that do not fit (a header that is no scalar), with their
/// place in the file.
Result<Request> evaluate_request(const Definition& definition, const Step& step,
                                 const Evaluate& evaluate);

}  // namespace tba::engine
