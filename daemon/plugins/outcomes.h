#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "daemon/engine/attempt.h"
#include "daemon/plugins/protocol.h"

namespace tba::plugins {

/// What the answer to a call means for its step. The result is {status, headers, body} as that of
/// an API's answer: the status of an error is the `status` of its data, 500 where it has none, and
/// its body is the error. `what` names the call in messages; `was_cancelled` says whether the
/// program was asked to leave it.
///
/// A result that has no `body` is a failure of kind `response`. An error whose data say
/// `may_have_acted: false` is sure to have done nothing; where they say true, or nothing of a call
/// that was cancelled, nobody knows.
engine::AttemptOutcome outcome_of(const Answer& answer, std::string_view what, bool was_cancelled);

/// An outcome of a call that the program was not given.
engine::AttemptOutcome not_called(std::string kind, std::string message);

/// An outcome of a call that the program had when it ended: nobody knows what became of it.
engine::AttemptOutcome left_unanswered(std::string kind, std::string message);

}  // namespace tba::plugins
