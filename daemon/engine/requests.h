#pragma once

#include <functional>

#include "daemon/engine/attempt.h"
#include "daemon/engine/definition.h"
#include "shared/error.h"
#include "shared/expression/mapping.h"

namespace tba::engine {

/// Gives the value of a mapping, with the context of the step that it belongs to.
using Evaluate = std::function<Result<Value>(const expression::Mapping&)>;

/// The secrets that a mapping leaves open in that part of a request.
std::vector<RequestSecret> secrets_of(const expression::Mapping& mapping, RequestSecret::Part part);

/// Evaluates what a `call`, `http` or `run` step asks for. Requires one of these. Errors are those
/// of the expressions, and of results that do not fit (a header that is no scalar), with their
/// place in the file.
Result<Request> evaluate_request(const Definition& definition, const Step& step,
                                 const Evaluate& evaluate);

}  // namespace tba::engine
