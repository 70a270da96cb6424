#pragma once

#include <string_view>

#include "daemon/engine/attempt.h"
#include "shared/answer_rules.h"
#include "shared/expression/program.h"

namespace tba::steps {

/// What an answer means by the rules of its API, from what it means by its status. `outcome` holds
/// the answer; `what` names the call in messages.
///
/// A failure that the status does not tell of is of kind `api`. A rule that cannot be evaluated
/// counts as null, but for `output`, whose failure is the step's. `surroundings` are those that
/// rules are evaluated in.
engine::AttemptOutcome by_rules(
    const AnswerRules& rules, engine::AttemptOutcome outcome, std::string_view what,
    const expression::Surroundings& surroundings = expression::Surroundings::standard());

}  // namespace tba::steps
