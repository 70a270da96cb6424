#include <utility>

#include "daemon/engine/advance.h"
#include "shared/expression/functions.h"
#include "shared/value/json.h"

namespace tba::engine {

/// Begins the step, which may end it at once; null where nothing can begin now.
StepState* Advance::begin(const Step& step, const Scope& scope) {
  if (is_attempted(step) && !around_.may_start_attempts) {
    is_held_back_ = true;
    return nullptr;
  }
  auto& state = open_row(step, scope.key_of(step));
  const auto wanted =
      step.condition ? condition(*step.condition, "if", state.row.key, scope) : Result<bool>(true);
  if (!wanted) {
    fail(state, wanted.error());
  } else if (!*wanted) {
    set(state, StepStatus::skipped);
  } else {
    std::visit(
        [&](const auto& action) {
          begin(action, Underway{step, state, scope});
        },
        step.action);
  }
  return &state;
}

StepState& Advance::open_row(const Step& step, std::string key) {
  auto& state = state_.steps.begin(std::move(key));
  state.row.run = state_.row.id;
  state.row.status = StepStatus::running;
  state.row.effect = effect_of(step);
  state.row.started_at = around_.now;
  state.row.attempt_started_at = around_.now;
  return state;
}

void Advance::go_on(Underway at, Mode mode) {
  if (at.state.row.status == StepStatus::interrupted) {
    if (mode == Mode::stop) set(at.state, StepStatus::cancelled);
    return;
  }
  std::visit([&](const auto& action) { go_on(action, at, mode); }, at.step.action);
}

/// The value of an `if` or the like, which must be true or false.
Result<bool> Advance::condition(const expression::Mapping& condition, std::string_view key,
                                const std::string& step, const Scope& scope) {
  if (condition.is_constant()) return condition.as_constant().as_boolean();
  return this->condition(condition, key, step, context_of(state_, scope, around_.vars));
}

Result<bool> Advance::condition(const expression::Mapping& condition, std::string_view key,
                                const std::string& step, const expression::Context& context) {
  const auto value = evaluate(condition, step, context);
  if (!value) return value.error();
  if (!value->is_boolean()) {
    return Error{ErrorCode::invalid,
                 condition.place() + ": '" + std::string(key) + "' gave " +
                     (value->is_null() ? "null" : expression::described(*value)) +
                     ", not true or false",
                 std::string(condition_hint(type_of(*value)))};
  }
  return value->as_boolean();
}

void Advance::begin(const SetStep& set, Underway at) {
  auto values = evaluate(set.values, at.state.row.key, at.scope);
  if (!values) return fail(at.state, values.error());
  succeed(at, Value::object({{"body", std::move(*values)}}));
}

void Advance::begin(const FailStep& step, Underway at) {
  const auto message = evaluate(step.message, at.state.row.key, at.scope);
  if (!message) return fail(at.state, message.error());
  fail(at.state,
       {"fail", message->is_string() ? std::string(message->as_string()) : to_json(*message),
        at.state.row.key});
}

// --- how steps end
// ------------------------------------------------------------------------------------------------------

void Advance::succeed(Underway at, Value result) {
  at.state.result = std::move(result);
  set(at.state, StepStatus::succeeded);
  if (!at.step.output) return;
  auto body = evaluate(*at.step.output, at.state.row.key, at.scope);
  if (!body) return fail(at.state, body.error());
  ObjectBuilder replaced;
  for (const auto& member : at.state.result.members()) replaced.put(member.name, member.value);
  replaced.put("body", std::move(*body));
  at.state.result = std::move(replaced).build();
}

void Advance::fail(StepState& step, const Error& error) {
  fail(step, expression_failure(error, step.row.key));
}

void Advance::fail(StepState& step, storage::Failure failure) {
  if (in_handlers()) {
    log(step.row.key,
        "failed in " + std::string(name_of(state_.row.phase)) + ": " + failure.message);
  }
  step.row.failure = std::move(failure);
  set(step, StepStatus::failed);
}

void Advance::interrupt_unknown(StepState& step) {
  interrupt(step, "attempt " + std::to_string(step.row.attempt) +
                      " may have acted, and this step must not be repeated unasked");
}

void Advance::interrupt(StepState& step, std::string message) {
  storage::Failure why{"interrupted", std::move(message), step.row.key};
  log(step.row.key, "interrupted: " + why.message);
  step.row.failure = why;
  step.row.finished_at = around_.now;
  set(step, StepStatus::interrupted);
  if (!state_.row.failure) row().failure = std::move(why);
}

/// Nobody has to decide about any step any more, so the run has not failed by that. Any other
/// failure that it has comes from an earlier phase.
void Advance::end_interruption() {
  const auto& failure = state_.row.failure;
  const auto* step = failure ? state_.definition->step(failure->step) : nullptr;
  if (step && state_.definition->phase_of(*step) == state_.row.phase) row().failure.reset();
}

/// Moves the step to another status; every change of it comes through here.
void Advance::set(StepState& step, StepStatus status) {
  if (step.row.status == StepStatus::interrupted && --state_.interrupted == 0) end_interruption();
  if (status == StepStatus::interrupted) ++state_.interrupted;
  step.row.status = status;
  if (is_final(status)) {
    acquit(step);
    step.row.due_at.reset();
    step.row.finished_at = around_.now;
  }
  state_.steps.touch(step);
}

}  // namespace tba::engine
