#pragma once

#include <string_view>

#include "daemon/connectors/circuit_breaker.h"
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

/// What it means for a step that no answer came.
engine::AttemptOutcome outcome_of(const net::HttpFailure& failure, std::string_view what);

/// What the end of a program means for its step: an exit code but 0, or a signal, is a failure.
engine::AttemptOutcome outcome_of(const ProcessResult& result, std::string_view program,
                                  bool json_output);

/// An outcome of which it is certain that nothing was done.
engine::AttemptOutcome not_attempted(std::string kind, std::string message);

/// An outcome of a call that a limit of its API does not let be made before that turn. `what` names
/// the call in messages.
engine::AttemptOutcome postponed(std::string_view what, Instant turn, Instant now);

/// An outcome of a call to a host that is left alone: to be made when it is its turn, or a failure
/// of the network where that has gone on for too long.
engine::AttemptOutcome left_alone(std::string_view what,
                                  const connectors::CircuitBreaker::Refusal& refusal, Instant now);

/// What an exchange says of its host.
enum class HostHealth {
  unknown,  ///< Nothing: it was not sent, or was cut off.
  good,     ///< It answered, whatever it thinks of the request.
  bad,      ///< No answer came, or one that tells of a fault of its own (5xx but 501).
};
HostHealth host_health(const net::HttpResult& result);
HostHealth host_health(const net::HttpFailure& failure);

/// Whether the far side asks to come later.
bool asks_to_wait(const engine::AttemptOutcome& outcome);

}  // namespace tba::steps
