#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "daemon/engine/attempt.h"
#include "daemon/net/http_client.h"
#include "daemon/steps/process.h"
#include "shared/clock.h"

namespace tba::steps {

/// An answer as data: {status, headers, body}. Headers have lower-case names; a body that says it
/// is JSON and is, is that value, an empty one null, any other a string.
Value response_value(const net::HttpResponse& response);

/// What an HTTP exchange means for its step: a status of 400 or more is a failure. `what` names the
/// request in messages.
engine::AttemptOutcome outcome_of(const net::HttpResult& result, std::string_view what,
                                  Instant now);

/// What the end of a program means for its step: an exit code but 0, or a signal, is a failure.
engine::AttemptOutcome outcome_of(const ProcessResult& result, std::string_view program,
                                  bool json_output);

/// An outcome of which it is certain that nothing was done.
engine::AttemptOutcome not_attempted(std::string kind, std::string message);

/// An outcome of a call that a limit of its API does not let be made before that turn. `what` names
/// the call in messages.
engine::AttemptOutcome postponed(std::string_view what, Instant turn, Instant now);

/// Whether the far side asks to come later.
bool asks_to_wait(const engine::AttemptOutcome& outcome);

/// How long the far side asks us to wait: seconds or an HTTP date (RFC 9110 section 10.2.3);
/// nothing where it does not, or where it cannot be read.
std::optional<std::chrono::milliseconds> retry_after(const net::HttpResponse& response,
                                                     Instant now);

}  // namespace tba::steps
