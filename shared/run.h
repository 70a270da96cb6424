#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tba {

/// The state of a run. The numbers are stored; they never change meaning.
enum class RunStatus : std::uint8_t {
  queued = 0,       ///< Accepted and stored, not begun.
  running = 1,      ///< A step is being worked on.
  waiting = 2,      ///< Parked until an instant or an event: a timer, a retry, an approval.
  succeeded = 3,    ///< Ended well.
  failed = 4,       ///< Ended because a step failed.
  cancelled = 5,    ///< Ended on request.
  interrupted = 6,  ///< Stopped because an effect may or may not have happened; a person decides
                    ///< how it goes on.
  skipped = 7,      ///< Never begun, by a concurrency rule.
};

/// Which of its lists of steps a run is in. The numbers are stored; they never change meaning.
enum class RunPhase : std::uint8_t {
  steps = 0,
  on_success = 1,  ///< What follows when all steps have succeeded.
  on_failure = 2,  ///< What follows when one has failed.
  finally = 3,     ///< What follows either.
};

/// How a step stands. The numbers are stored; they never change meaning.
enum class StepStatus : std::uint8_t {
  running = 1,  ///< An attempt is in flight.
  waiting = 2,  ///< Until an instant: a wait step, or the next attempt.
  succeeded = 3,
  failed = 4,
  cancelled = 5,
  interrupted = 6,  ///< Its last attempt may or may not have acted.
  skipped = 7,      ///< Its `if` was false.
};

/// What may be done when it is not known whether an attempt acted.
enum class Effect : std::uint8_t {
  repeat = 0,  ///< Do it again: it has no lasting effect, or the same one each time.
  keyed = 1,   ///< Do it again with the same Idempotency-Key.
  once = 2,    ///< Never again unless it is certain that nothing happened.
};

/// The stable lower-case names, as in the API, the CLI and workflow files.
std::string_view name_of(RunStatus status);
std::string_view name_of(StepStatus status);
std::string_view name_of(RunPhase phase);
std::string_view name_of(Effect effect);

std::optional<RunStatus> run_status_named(std::string_view name);
std::optional<Effect> effect_named(std::string_view name);

/// Whether nothing more will happen to the run by itself. An interrupted run is not over: it can be
/// resumed.
bool is_final(RunStatus status);

/// Whether the step is done with.
bool is_final(StepStatus status);

}  // namespace tba
