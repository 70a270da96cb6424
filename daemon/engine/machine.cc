#include "daemon/engine/machine.h"

#include <algorithm>

#include "daemon/engine/requests.h"
#include "daemon/engine/retry.h"
#include "shared/duration.h"
#include "shared/expression/functions.h"
#include "shared/size.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::engine {
namespace {

constexpr std::string_view kIdempotencyKey = "Idempotency-Key";

/// How much expressions may log in one transition.
constexpr std::size_t kMostDebugBytes = std::size_t{64} << 10;

/// For expressions time stands still during a transition.
class StoppedClock final : public Clock {
 public:
  explicit StoppedClock(Instant now) : now_(now) {}
  Instant now() const override { return now_; }

 private:
  Instant now_;
};

/// Whether the file gives the request a key of its own.
bool has_key(const RawRequest& request) {
  return std::ranges::any_of(request.headers, [](const auto& header) {
    return equal_ignoring_case(header.first, kIdempotencyKey);
  });
}

/// Carries one event through a run. Its functions only look at the state and at what they are
/// given.
class Advance {
 public:
  Advance(Transition& transition, const Surroundings& around)
      : state_(transition.state), commands_(transition.commands), around_(around) {
    if (state_.row.status != RunStatus::queued && state_.env.is_null()) restore_env();
  }

  void on(const Begin&) {
    row().status = RunStatus::running;
    row().started_at = around_.now;
    if (auto env = evaluate(workflow().env, ""); !env) {
      begin_failure(expression_failure(env.error(), ""));
    } else {
      state_.env = std::move(*env);
    }
    if (const auto timeout = state_.definition->workflow->timeout)
      row().deadline = around_.now + *timeout;
    proceed();
  }

  void on(const AttemptEnded& event) {
    StepState* step = state_.find(event.step);
    if (!step || step->row.status != StepStatus::running || step->row.attempt != event.attempt)
      return;
    conclude(*step, event.outcome);
    proceed();
  }

  void on(const Due&) { proceed(); }

  void on(const CancelRequested&) {
    if (is_final(state_.row.status)) return;
    row().cancel_requested = true;
    proceed();
  }

  void on(const Recovered&) {
    if (StepState* step = state_.current(); step && step->row.status == StepStatus::running)
      recover(*step);
    if (state_.row.status == RunStatus::queued) {
      on(Begin{});
    } else {
      proceed();
    }
  }

 private:
  /// Evaluates `env` again for a run that was read back: it is not stored, since it gives the same
  /// each time. What it logs was logged then.
  void restore_env() {
    const auto log_size = state_.log.size();
    if (auto env = evaluate(workflow().env, "")) state_.env = std::move(*env);
    state_.log.resize(log_size);
  }

  // --- the run
  // ---------------------------------------------------------------------------------------------------------

  const Workflow& workflow() const { return *state_.definition->workflow; }
  bool in_on_failure() const { return state_.row.failure.has_value(); }
  bool is_over() const { return is_final(state_.row.status); }

  /// Goes on until the run is over or waits for something outside.
  void proceed() {
    while (!is_over()) {
      StepState* step = state_.current();
      if (must_end()) {
        if (step && !give_up(*step)) return;
        end_early();
        continue;
      }
      if (step && !go_on(*step)) return;
      if (step) continue;
      const Step* next = next_step();
      if (!next) {
        finish();
        continue;
      }
      if (!begin(*next)) return;
    }
  }

  bool timed_out() const {
    return !in_on_failure() && state_.row.deadline && *state_.row.deadline <= around_.now;
  }
  bool must_end() const { return state_.row.cancel_requested || timed_out(); }

  /// The first step of the list that is being worked on which has not begun.
  const Step* next_step() const {
    for (const auto& step : in_on_failure() ? workflow().on_failure : workflow().steps) {
      if (!state_.find(step.id)) return &step;
    }
    return nullptr;
  }

  /// No step is left: the workflow's output is made, or the failure that was being handled stands.
  void finish() {
    if (in_on_failure()) return end(RunStatus::failed);
    if (const auto& output = workflow().output) {
      auto value = evaluate(*output, "");
      if (!value) return begin_failure(expression_failure(value.error(), ""));
      row().output_json = to_json(*value);
    }
    end(RunStatus::succeeded);
  }

  /// Cancelled at once; a run whose time is over still handles that failure.
  void end_early() {
    if (state_.row.cancel_requested) return end(RunStatus::cancelled);
    begin_failure({"timeout", "the run passed its timeout", ""});
  }

  void end(RunStatus status) {
    row().status = status;
    row().finished_at = around_.now;
    row().wake_at.reset();
  }

  /// From now on the run handles this failure, for which no limit of time is set.
  void begin_failure(storage::Failure failure) {
    row().failure = std::move(failure);
    row().deadline.reset();
    row().status = RunStatus::running;
    row().wake_at.reset();
  }

  /// The run's row, to be changed.
  storage::Run& row() {
    state_.unsaved = true;
    return state_.row;
  }

  /// Parks the run until `instant` or its deadline, if it is not parked so already.
  void park_until(Instant instant) {
    const auto wake_at = state_.row.deadline ? std::min(*state_.row.deadline, instant) : instant;
    if (state_.row.status == RunStatus::waiting && state_.row.wake_at == wake_at) return;
    row().status = RunStatus::waiting;
    row().wake_at = wake_at;
  }

  void interrupt(StepState& step) {
    storage::Failure why{"interrupted",
                         "attempt " + std::to_string(step.row.attempt) +
                             " may have acted, and this step must not be repeated unasked",
                         step.row.key};
    log(step.row.key, "interrupted: " + why.message);
    step.row.failure = why;
    step.row.finished_at = around_.now;
    set(step, StepStatus::interrupted);
    row().status = RunStatus::interrupted;
    row().wake_at.reset();
    if (!row().failure) row().failure = std::move(why);
  }

  // --- a step that has begun
  // -------------------------------------------------------------------------------------------

  /// Whether the run can go on past the unfinished step; false while it waits for it.
  bool go_on(StepState& step) {
    if (step.row.status != StepStatus::waiting) return false;
    if (*step.row.due_at > around_.now) {
      park_until(*step.row.due_at);
      return false;
    }
    row().status = RunStatus::running;
    row().wake_at.reset();
    const Step* definition = find_step(workflow(), step.row.key);
    if (std::holds_alternative<WaitStep>(definition->action)) {
      succeed(*definition, step, Value());
      return true;
    }
    if (!around_.may_start_attempts) return false;
    return start_attempt(*definition, step, step.row.attempt + 1);
  }

  /// Ends the unfinished step because the run ends; false while its attempt has yet to be stopped.
  bool give_up(StepState& step) {
    if (step.row.status == StepStatus::running) {
      commands_.emplace_back(StopAttempt{step.row.key});
      return false;
    }
    set(step, StepStatus::cancelled);
    return true;
  }

  void conclude(StepState& step, const AttemptOutcome& outcome) {
    const Step* definition = find_step(workflow(), step.row.key);
    step.row.failure = outcome.failure;
    if (!outcome.failure) return succeed(*definition, step, outcome.result);
    step.row.failure->step = step.row.key;
    if (must_end()) {
      if (step.row.effect == Effect::once && outcome.unknown) {
        log(step.row.key, "stopped while it may have acted: attempt " +
                              std::to_string(step.row.attempt) + " has no known result");
      }
      step.result = outcome.result;
      return set(step, StepStatus::cancelled);
    }
    const auto policy = retry_policy_of(*state_.definition, *definition);
    switch (after_failure(policy, step.row.effect, step.row.attempt, outcome)) {
      case AfterFailure::retry: {
        const auto delay = delay_before(policy, step.row.attempt, outcome, around_.random);
        log(step.row.key, "attempt " + std::to_string(step.row.attempt) + " failed (" +
                              outcome.failure->message + "), trying again in " +
                              format_duration(delay));
        step.row.due_at = around_.now + delay;
        return set(step, StepStatus::waiting);
      }
      case AfterFailure::interrupt:
        return interrupt(step);
      case AfterFailure::fail:
        step.result = outcome.result;
        return fail(step, *step.row.failure);
    }
  }

  /// Decides about an attempt that was in flight when its daemon ended.
  void recover(StepState& step) {
    if (step.row.effect == Effect::once) return interrupt(step);
    log(step.row.key,
        "attempt " + std::to_string(step.row.attempt) + " was cut off and is repeated");
    step.row.due_at = around_.now;
    set(step, StepStatus::waiting);
  }

  void succeed(const Step& definition, StepState& step, Value result) {
    step.result = std::move(result);
    set(step, StepStatus::succeeded);
    if (!definition.output) return;
    auto body = evaluate(*definition.output, step.row.key);
    if (!body) return fail(step, expression_failure(body.error(), step.row.key));
    ObjectBuilder replaced;
    for (const auto& member : step.result.members()) replaced.put(member.name, member.value);
    replaced.put("body", std::move(*body));
    step.result = std::move(replaced).build();
  }

  void fail(StepState& step, storage::Failure failure) {
    step.row.failure = failure;
    set(step, StepStatus::failed);
    if (!in_on_failure()) {
      begin_failure(std::move(failure));
      return;
    }
    log(step.row.key, "failed while handling a failure: " + failure.message);
  }

  void set(StepState& step, StepStatus status) {
    step.row.status = status;
    step.unsaved = true;
    if (status != StepStatus::waiting) step.row.due_at.reset();
    if (is_final(status)) step.row.finished_at = around_.now;
  }

  // --- a step that begins
  // ----------------------------------------------------------------------------------------------

  /// Begins the step; false where the run now waits for it (or may not begin it).
  bool begin(const Step& definition) {
    const bool needs_attempt = !std::holds_alternative<SetStep>(definition.action) &&
                               !std::holds_alternative<WaitStep>(definition.action);
    if (needs_attempt && !around_.may_start_attempts) return false;

    StepState& step = state_.steps.emplace_back();
    step.row.run = state_.row.id;
    step.row.key = definition.id;
    step.row.position = static_cast<int>(state_.steps.size()) - 1;
    step.row.effect = effect_of(*state_.definition, definition);
    step.row.started_at = around_.now;
    step.row.attempt_started_at = around_.now;

    const auto wanted = condition_of(definition);
    if (!wanted) {
      fail(step, expression_failure(wanted.error(), definition.id));
      return true;
    }
    if (!*wanted) {
      set(step, StepStatus::skipped);
      return true;
    }
    if (const auto* set_step = std::get_if<SetStep>(&definition.action))
      return assign(definition, *set_step, step);
    if (const auto* wait = std::get_if<WaitStep>(&definition.action)) return wait_for(*wait, step);
    return start_attempt(definition, step, 1);
  }

  Result<bool> condition_of(const Step& definition) {
    if (!definition.condition) return true;
    const auto value = evaluate(*definition.condition, definition.id);
    if (!value) return value.error();
    if (!value->is_boolean()) {
      return Error{ErrorCode::invalid,
                   definition.condition->place() + ": 'if' gave " +
                       (value->is_null() ? "null" : expression::described(*value)) +
                       ", not true or false",
                   std::string(condition_hint(type_of(*value)))};
    }
    return value->as_boolean();
  }

  bool assign(const Step& definition, const SetStep& set_step, StepState& step) {
    auto values = evaluate(set_step.values, definition.id);
    if (values) {
      succeed(definition, step, Value::object({{"body", std::move(*values)}}));
    } else {
      fail(step, expression_failure(values.error(), definition.id));
    }
    return true;
  }

  bool wait_for(const WaitStep& wait, StepState& step) {
    const auto text = evaluate(wait.duration, step.row.key);
    if (!text) {
      fail(step, expression_failure(text.error(), step.row.key));
      return true;
    }
    const auto duration = text->is_string() ? parse_duration(text->as_string())
                                            : Result<std::chrono::milliseconds>(Error{});
    if (!duration) {
      fail(step,
           {"expression",
            "`for` gave " + to_json(*text).substr(0, 80) + ", which is no duration like 90s or 2h",
            step.row.key});
      return true;
    }
    step.row.due_at = around_.now + *duration;
    set(step, StepStatus::waiting);
    return true;
  }

  /// Records an attempt and asks for it; true where it could not even be made and the run goes on
  /// past it.
  bool start_attempt(const Step& definition, StepState& step, int number) {
    auto request = evaluate_request(*state_.definition, definition, evaluator(definition.id));
    if (!request) {
      fail(step, expression_failure(request.error(), definition.id));
      return true;
    }
    step.row.attempt = number;
    step.row.attempt_started_at = around_.now;
    step.row.failure.reset();
    set(step, StepStatus::running);
    if (step.row.effect == Effect::keyed) give_key(*request, step);

    Attempt attempt;
    attempt.run = state_.row.id;
    attempt.step = step.row.key;
    attempt.number = number;
    attempt.effect = step.row.effect;
    attempt.credential = definition.credential;
    attempt.timeout = definition.timeout;
    attempt.request = std::move(*request);
    commands_.emplace_back(StartAttempt{std::move(attempt)});
    return false;
  }

  /// The same key for every attempt of the step, in this run and in no other.
  void give_key(Request& request, const StepState& step) {
    const auto key = state_.row.id.text() + "/" + step.row.key;
    if (auto* call = std::get_if<EndpointCall>(&request)) call->idempotency_key = key;
    if (auto* raw = std::get_if<RawRequest>(&request); raw && !has_key(*raw)) {
      raw->headers.emplace_back(kIdempotencyKey, key);
    }
  }

  // --- what it needs
  // ---------------------------------------------------------------------------------------------------

  /// Evaluates expressions of the step (or of the workflow itself, where it is empty) with what the
  /// run has come to.
  Evaluate evaluator(std::string step) {
    return [this, step = std::move(step),
            context = context_of(state_, around_.vars)](const expression::Mapping& mapping) {
      const StoppedClock clock(around_.now);
      const expression::Surroundings surroundings{
          &clock, [&](std::string_view text) { log_debug(step, text); }};
      return mapping.evaluate(context, around_.budget, surroundings);
    };
  }

  Result<Value> evaluate(const expression::Mapping& mapping, const std::string& step) {
    return evaluator(step)(mapping);
  }

  static storage::Failure expression_failure(const Error& error, std::string step) {
    const auto hint = error.hint.empty() ? "" : " (" + error.hint + ")";
    return {"expression", error.message + hint, std::move(step)};
  }

  /// What `debug` and `stderr` of an expression write, line by line, up to kMostDebugBytes in a
  /// transition.
  void log_debug(const std::string& step, std::string_view text) {
    for (std::size_t begin = 0; begin <= text.size();) {
      const auto end = std::min(text.find('\n', begin), text.size());
      if (begin == text.size() && begin > 0) return;  // the end of the last line
      log_debug_line(step, text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  void log_debug_line(const std::string& step, std::string_view line) {
    if (debug_bytes_ > kMostDebugBytes) return;
    debug_bytes_ += line.size() + 1;
    if (debug_bytes_ > kMostDebugBytes) {
      log(step, "what else `debug` writes here is left out: it is more than " +
                    format_size(kMostDebugBytes));
    } else {
      log(step, std::string(line), "debug");
    }
  }

  void log(const std::string& step, std::string text, std::string_view stream = "engine") {
    storage::LogLine line;
    line.run = state_.row.id;
    line.at = around_.now;
    line.step = step;
    line.stream = stream;
    line.text = std::move(text);
    state_.log.push_back(std::move(line));
  }

  RunState& state_;
  std::vector<Command>& commands_;
  const Surroundings& around_;
  std::size_t debug_bytes_ = 0;  // that expressions have logged
};

}  // namespace

Transition advance(RunState state, const Event& event, const Surroundings& around) {
  Transition transition{std::move(state), {}};
  Advance run(transition, around);
  std::visit([&](const auto& happened) { run.on(happened); }, event);
  return transition;
}

}  // namespace tba::engine
