#pragma once

#include "daemon/engine/attempt.h"
#include "daemon/engine/definition.h"
#include "shared/error.h"
#include "shared/expression/context.h"

namespace tba::engine {

/// Evaluates what a `call`, `http` or `run` step asks for. Requires one of these. Errors are those
/// of the expressions, and of results that do not fit (a header that is no scalar), with their
/// place in the file.
Result<Request> evaluate_request(const Definition& definition, const Step& step,
                                 const expression::Context& context);

}  // namespace tba::engine
