#include "daemon/engine/advance.h"

#include <algorithm>
#include <utility>

#include "daemon/engine/signals.h"
#include "daemon/engine/trials.h"
#include "shared/size.h"
#include "shared/value/json.h"

namespace tba::engine {
namespace {

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

Value parsed(const std::string& json) {
  auto value = parse_json(json);
  return value ? std::move(*value) : Value();
}

std::string text_of(const Value& data, std::string_view key) {
  const Value* member = data.find(key);
  return member && member->is_string() ? std::string(member->as_string()) : std::string();
}

}  // namespace

storage::Failure expression_failure(const Error& error, std::string step) {
  const auto hint = error.hint.empty() ? "" : " (" + error.hint + ")";
  return {"expression", error.message + hint, std::move(step)};
}

Advance::Advance(Transition& transition, const Surroundings& around)
    : transition_(transition), state_(transition.state), around_(around) {
  if (state_.row.status != RunStatus::queued && state_.env.is_null()) restore_env();
}

/// Evaluates `env` again for a run that was read back: it is not stored, since it gives the same
/// each time. What it logs was logged then.
void Advance::restore_env() {
  const auto writes = state_.writes.size();
  if (auto env = evaluate(workflow().env, "", outside_)) state_.env = std::move(*env);
  state_.writes.erase(state_.writes.begin() + static_cast<std::ptrdiff_t>(writes),
                      state_.writes.end());
}

// --- events
// --------------------------------------------------------------------------------------------------------------

void Advance::on(const Begin& event) {
  if (state_.row.status != RunStatus::queued) return;  // it was cancelled before its turn came
  row().status = RunStatus::running;
  row().started_at = around_.now;
  auto env = evaluate(workflow().env, "", outside_);
  if (event.failure) {
    handle_failure(*event.failure);
  } else if (!env) {
    handle_failure(expression_failure(env.error(), ""));
  } else {
    state_.env = std::move(*env);
    if (workflow().timeout) row().deadline = around_.now + *workflow().timeout;
  }
  proceed();
}

void Advance::on(const Skip&) {
  end_as(RunStatus::skipped);
}

void Advance::on(const AttemptEnded& event) {
  StepState* step = state_.steps.find(event.step);
  if (!step || step->row.status != StepStatus::running || step->row.attempt != event.attempt)
    return;
  const ScopeOf scope(state_, event.step);
  acquit(*step);
  conclude({*state_.definition->step(event.step), *step, *scope}, event.outcome);
  proceed();
}

void Advance::on(const Due&) {
  proceed();
}

void Advance::on(const Signalled& event) {
  take_all(event.signals);
  if (is_over()) return;
  if (state_.row.status != RunStatus::queued) return proceed();
  if (state_.row.cancel_requested) end_as(RunStatus::cancelled);  // it has not begun
}

void Advance::on(const Recovered& event) {
  if (state_.row.status == RunStatus::queued) return on(Begin{});
  for (const auto* each : state_.steps.all()) {
    if (each->row.status != StepStatus::running) continue;
    const auto& step = *state_.definition->step(each->row.key);
    if (!is_attempted(step)) continue;
    const ScopeOf scope(state_, each->row.key);
    recover({step, *state_.steps.find(each->row.key), *scope});
  }
  take_all(event.signals);
  proceed();
}

void Advance::on(const TrialOver&) {
  if (state_.row.trial_size == 1) row().solo_crashes = 0;
  if (state_.row.trial_size > 0) row().trial_size = 0;
}

void Advance::take_all(const std::vector<storage::Signal>& signals) {
  for (const auto& signal : signals) {
    state_.writes.emplace_back(storage::RemoveSignal{signal.run, signal.id, signal.step});
    if (!is_over()) take(signal);
  }
}

void Advance::take(const storage::Signal& signal) {
  if (signal.kind == signals::kCancel) return request_cancel();
  if (signal.kind == signals::kResume) return resume(signal);
  StepState* step = state_.steps.find(signal.step);
  if (!step || step->row.status != StepStatus::waiting) return;
  const auto data = parsed(signal.data_json);
  const ScopeOf scope(state_, signal.step);
  const Underway at{*state_.definition->step(signal.step), *step, *scope};
  if (signal.kind == signals::kSubRun) take_sub_run(at, data);
  if (signal.kind == signals::kEvent) take_event(at, signal, data);
  if (signal.kind == signals::kApproval) take_approval(at, data);
}

/// What is done at the end is cut short by a second request only.
void Advance::request_cancel() {
  if (state_.row.phase == RunPhase::finally) {
    log("", "finally is cut short");
    row().deadline = around_.now;
  }
  row().cancel_requested = true;
}

/// Goes on with the step that is named, or with every interrupted one.
void Advance::resume(const storage::Signal& signal) {
  const auto data = parsed(signal.data_json);
  const auto decision = text_of(data, "decision");
  const auto who = text_of(data, "by");
  std::optional<Instant> since;
  for (const auto* each : state_.steps.all()) {
    if (each->row.status != StepStatus::interrupted) continue;
    if (!signal.step.empty() && each->row.key != signal.step) continue;
    since = std::min(since.value_or(Instant::max()), *each->row.finished_at);
    resume(*state_.steps.find(each->row.key), decision, who);
  }
  if (!since) return;
  // While it was interrupted the run's time stood still.
  if (state_.row.deadline) row().deadline = *state_.row.deadline + (around_.now - *since);
}

void Advance::resume(StepState& step, std::string_view decision, std::string_view who) {
  log(step.row.key, "resumed" + (who.empty() ? "" : " by " + std::string(who)) + " with --" +
                        std::string(decision));
  step.row.finished_at.reset();
  if (decision == "repeat") {
    step.row.due_at = around_.now;
    set(step, StepStatus::waiting);
    step.row.due_at = around_.now;
  } else if (decision == "skip") {
    set(step, StepStatus::skipped);
  } else {
    fail(step, *step.row.failure);
  }
}

// --- the run
// ------------------------------------------------------------------------------------------------------------

/// The run's row, to be changed.
storage::Run& Advance::row() {
  state_.unsaved = true;
  return state_.row;
}

/// Whether it has ended the daemon while nothing else can have been to blame.
bool Advance::is_poison() const {
  return state_.row.solo_crashes >= kMostSoloCrashes;
}

/// Its attempt has come to an end.
void Advance::acquit(StepState& step) {
  if (std::exchange(step.is_suspect, false)) --state_.suspects;
}

/// Whatever ended the daemon, the run has got on since, or is not under way any more.
void Advance::clear_of_suspicion() {
  if (state_.row.crashes == 0 && state_.row.trial_size == 0) return;
  row().crashes = row().solo_crashes = row().trial_size = 0;
}

/// Goes on until the run is over or waits for something outside.
void Advance::proceed() {
  if (state_.suspects == 0) clear_of_suspicion();
  while (!is_over()) {
    in_flight_ = 0;
    is_held_back_ = false;
    next_.reset();
    const auto mode_before = mode();
    const auto progress = work_list(workflow().list_of(state_.row.phase), outside_, mode_before);
    if (mode() != mode_before) continue;  // nobody has to decide any more
    if (progress.is_busy) return rest();
    end_phase(progress.failure);
  }
}

Advance::Mode Advance::mode() const {
  if (must_end()) return Mode::stop;
  return state_.interrupted > 0 ? Mode::hold : Mode::go;
}

/// While it is interrupted the run's time stands still, but for somebody who wants it to end.
bool Advance::timed_out() const {
  const bool time_passes = state_.interrupted == 0 || state_.row.cancel_requested;
  return time_passes && state_.row.deadline && *state_.row.deadline <= around_.now;
}

bool Advance::must_end() const {
  return (state_.row.cancel_requested && state_.row.phase != RunPhase::finally) || timed_out();
}

/// The list of the phase is done, has failed, or was ended.
void Advance::end_phase(std::optional<storage::Failure> failure) {
  switch (state_.row.phase) {
    case RunPhase::steps:
      return end_steps(std::move(failure));
    case RunPhase::on_success:
    case RunPhase::on_failure:
      row().phase = RunPhase::finally;
      return;
    case RunPhase::finally:
      return end();
  }
}

void Advance::end_steps(std::optional<storage::Failure> failure) {
  const bool is_too_late = timed_out();
  row().deadline.reset();
  if (state_.row.cancel_requested) {
    row().phase = RunPhase::finally;
    return;
  }
  if (is_too_late) failure = {"timeout", "the run passed its timeout" + waited_for_, ""};
  if (!failure && workflow().output) {
    auto value = evaluate(*workflow().output, "", outside_);
    if (value) {
      row().output_json = to_json(*value);
    } else {
      failure = expression_failure(value.error(), "");
    }
  }
  if (failure) return handle_failure(std::move(*failure));
  row().phase = RunPhase::on_success;
}

/// From now on the run handles this failure.
void Advance::handle_failure(storage::Failure failure) {
  row().failure = std::move(failure);
  row().phase = RunPhase::on_failure;
}

void Advance::end() {
  auto status = RunStatus::succeeded;
  if (state_.row.failure) status = RunStatus::failed;
  if (state_.row.cancel_requested) status = RunStatus::cancelled;
  end_as(status);
}

void Advance::end_as(RunStatus status) {
  row().status = status;
  row().finished_at = around_.now;
  row().wake_at.reset();
  row().deadline.reset();
  if (status != RunStatus::succeeded) row().output_json.clear();
  if (state_.row.parent) tell_parent();
}

void Advance::tell_parent() {
  const auto& ended = state_.row;
  signal(*ended.parent, signals::kSubRun, ended.parent_step, sub_run_end(ended));
}

/// The run waits: for what is in flight, for a person, for an instant, or for somebody's signal.
/// What could not begin because the daemon stops is begun by the next one, which looks for runs
/// that are running.
void Advance::rest() {
  const bool is_running = in_flight_ > 0 || is_held_back_;
  transition_.is_held_back = is_held_back_;
  auto status = is_running ? RunStatus::running : RunStatus::waiting;
  if (!is_running && mode() == Mode::hold) status = RunStatus::interrupted;
  if (state_.row.deadline && state_.interrupted == 0 && !timed_out()) wake_at(*state_.row.deadline);
  if (status == RunStatus::interrupted) next_.reset();
  if (!is_running) clear_of_suspicion();
  if (state_.row.status == status && state_.row.wake_at == next_) return;
  row().status = status;
  row().wake_at = next_;
}

void Advance::wake_at(Instant instant) {
  next_ = std::min(next_.value_or(instant), instant);
}

// --- what all need
// ------------------------------------------------------------------------------------------------------

/// Evaluates expressions of the step (or of the workflow itself, where it is empty) with what the
/// run has come to.
Evaluate Advance::evaluator(std::string step, const Scope& scope) {
  return [this, step = std::move(step), context = context_of(state_, scope, around_.vars)](
             const expression::Mapping& mapping) { return evaluate(mapping, step, context); };
}

Result<Value> Advance::evaluate(const expression::Mapping& mapping, const std::string& step,
                                const Scope& scope) {
  if (mapping.is_constant()) return mapping.as_constant();
  return evaluate(mapping, step, context_of(state_, scope, around_.vars));
}

Result<Value> Advance::evaluate(const expression::Mapping& mapping, const std::string& step,
                                const expression::Context& context) {
  const StoppedClock clock(around_.now);
  const expression::Surroundings surroundings{
      &clock, [&](std::string_view text) { log_debug(step, text); }};
  return mapping.evaluate(context, around_.budget, surroundings);
}

void Advance::signal(RunId run, std::string_view kind, std::string step, const Value& data) {
  storage::Signal signal;
  signal.id = around_.ids.next<SignalId>();
  signal.run = run;
  signal.at = around_.now;
  signal.kind = kind;
  signal.step = std::move(step);
  signal.data_json = to_json(data);
  state_.writes.emplace_back(storage::AddSignal{std::move(signal)});
  transition_.signalled.push_back(run);
}

void Advance::log(const std::string& step, std::string text, std::string_view stream) {
  storage::LogLine line;
  line.run = state_.row.id;
  line.at = around_.now;
  line.step = step;
  line.stream = stream;
  line.text = std::move(text);
  state_.writes.emplace_back(storage::AppendLog{std::move(line)});
}

/// What `debug` and `stderr` of an expression write, line by line, up to kMostDebugBytes in a
/// transition.
void Advance::log_debug(const std::string& step, std::string_view text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    if (begin == text.size() && begin > 0) return;  // the end of the last line
    log_debug_line(step, text.substr(begin, end - begin));
    begin = end + 1;
  }
}

void Advance::log_debug_line(const std::string& step, std::string_view line) {
  if (debug_bytes_ > kMostDebugBytes) return;
  debug_bytes_ += line.size() + 1;
  if (debug_bytes_ > kMostDebugBytes) {
    log(step, "what else `debug` writes here is left out: it is more than " +
                  format_size(kMostDebugBytes));
  } else {
    log(step, std::string(line), "debug");
  }
}

// ---

Transition advance(RunState state, const Event& event, const Surroundings& around) {
  Transition transition;
  transition.state = std::move(state);
  Advance run(transition, around);
  std::visit([&](const auto& happened) { run.on(happened); }, event);
  return transition;
}

}  // namespace tba::engine
