#include <utility>

#include "daemon/engine/advance.h"
#include "daemon/engine/signals.h"
#include "daemon/engine/trigger_context.h"
#include "shared/duration.h"
#include "shared/event_names.h"
#include "shared/expression/functions.h"
#include "shared/inputs.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::engine {
namespace {

/// How many runs may wait for each other.
constexpr int kDeepestRun = 16;

Result<std::chrono::milliseconds> duration_of(const Value& value) {
  if (value.is_string()) {
    if (auto duration = parse_duration(value.as_string())) return duration;
  }
  return Error{
      ErrorCode::invalid,
      "`for` gave " + to_json(value).substr(0, 80) + ", which is no duration like 90s or 2h", ""};
}

Value text_or_null(const Value& data, std::string_view key) {
  const Value* member = data.find(key);
  return member && member->is_string() ? *member : Value();
}

}  // namespace

void Advance::begin(const WaitStep& wait, Underway at) {
  switch (wait.what) {
    case WaitStep::For::duration:
    case WaitStep::For::instant:
      return begin_timed(wait, at);
    case WaitStep::For::event:
      return begin_event(wait, at);
    case WaitStep::For::approval:
      return begin_approval(wait, at);
  }
}

void Advance::begin_timed(const WaitStep& wait, Underway at) {
  const auto subject = evaluate(wait.subject, at.state.row.key, at.scope);
  if (!subject) return fail(at.state, subject.error());
  if (wait.what == WaitStep::For::duration) {
    const auto duration = duration_of(*subject);
    if (!duration) return fail(at.state, duration.error());
    at.state.row.due_at = around_.now + *duration;
  } else {
    const auto instant = time_of(*subject);
    if (!instant) return fail(at.state, instant.error());
    at.state.row.due_at = *instant;
  }
  set(at.state, StepStatus::waiting);
}

void Advance::begin_event(const WaitStep& wait, Underway at) {
  const auto subject = evaluate(wait.subject, at.state.row.key, at.scope);
  if (!subject) return fail(at.state, subject.error());
  if (!subject->is_string() || !is_event_name(subject->as_string())) {
    return fail(at.state, Error{ErrorCode::invalid,
                                to_json(*subject).substr(0, 80) + " is not the name of an event",
                                std::string(kEventNameHint)});
  }
  if (at.step.timeout) at.state.row.due_at = around_.now + *at.step.timeout;
  at.state.memo = Value::object({{"event", *subject}});
  state_.writes.emplace_back(storage::PutSubscription{
      {std::string(subject->as_string()), state_.row.id, at.state.row.key}});
  set(at.state, StepStatus::waiting);
}

void Advance::begin_approval(const WaitStep& wait, Underway at) {
  const auto message = evaluate(wait.subject, at.state.row.key, at.scope);
  if (!message) return fail(at.state, message.error());
  ArrayBuilder approvers;
  for (const auto& name : wait.approvers) approvers.add(Value::string(name));
  if (at.step.timeout) at.state.row.due_at = around_.now + *at.step.timeout;
  at.state.memo = Value::object(
      {{"approval", Value::object({{"message", *message}, {"by", std::move(approvers).build()}})}});
  log(at.state.row.key, "waits for an approval");
  set(at.state, StepStatus::waiting);
}

void Advance::go_on(const WaitStep& wait, Underway at, Mode mode) {
  if (mode == Mode::stop || mode == Mode::wind_down) return end_wait(at, StepStatus::cancelled);
  const auto due_at = at.state.row.due_at;
  if (!due_at || mode == Mode::hold) return;
  if (*due_at > around_.now) return wake_at(*due_at);
  if (wait.is_for_time()) return succeed(at, Value());
  at.state.row.failure = {"timeout", "nothing came within " + format_duration(*at.step.timeout),
                          at.state.row.key};
  end_wait(at, StepStatus::failed);
}

/// Ends a wait that is not only for time.
void Advance::end_wait(Underway at, StepStatus status) {
  if (at.state.memo.find("event"))
    state_.writes.emplace_back(storage::RemoveSubscription{state_.row.id, at.state.row.key});
  if (status == StepStatus::failed) return fail(at.state, *at.state.row.failure);
  set(at.state, status);
}

/// Looks whether it is the event that the step waits for.
void Advance::take_event(Underway at, const storage::Signal& signal, const Value& data) {
  const auto* wait = std::get_if<WaitStep>(&at.step.action);
  if (!wait || wait->what != WaitStep::For::event) return;
  const auto event = Value::object({{"name", *at.state.memo.find("event")},
                                    {"at", Value::string(format_time(signal.at))},
                                    {"body", data}});
  if (wait->match) {
    auto context = context_of(state_, at.scope, around_.vars);
    context.set(expression::Root::event, event);
    const auto matches = evaluate(*wait->match, at.state.row.key, context);
    if (!matches || !matches->is_boolean()) {
      at.state.row.failure =
          matches ? storage::Failure{"expression",
                                     wait->match->place() + ": 'match' gave " +
                                         expression::described(*matches) + ", not true or false",
                                     at.state.row.key}
                  : expression_failure(matches.error(), at.state.row.key);
      return end_wait(at, StepStatus::failed);
    }
    if (!matches->as_boolean()) return;
  }
  end_wait(at, StepStatus::succeeded);
  succeed(at, Value::object({{"body", data}}));
}

void Advance::take_approval(Underway at, const Value& data) {
  const auto* wait = std::get_if<WaitStep>(&at.step.action);
  const Value* approved = data.find("approved");
  if (!wait || wait->what != WaitStep::For::approval || !approved || !approved->is_boolean())
    return;
  const auto by = text_or_null(data, "by");
  const auto who = by.is_string() ? " by " + std::string(by.as_string()) : std::string();
  if (approved->as_boolean()) {
    log(at.state.row.key, "approved" + who);
    return succeed(
        at, Value::object(
                {{"body", Value::object({{"by", by},
                                         {"comment", text_or_null(data, "comment")},
                                         {"at", Value::string(format_time(around_.now))}})}}));
  }
  const auto comment = text_or_null(data, "comment");
  fail(at.state,
       {"rejected",
        "rejected" + who + (comment.is_string() ? ": " + std::string(comment.as_string()) : ""),
        at.state.row.key});
}

// --- sub-runs
// -----------------------------------------------------------------------------------------------------------

void Advance::begin(const WorkflowStep& workflow, Underway at) {
  if (state_.row.depth + 1 >= kDeepestRun) {
    return fail(
        at.state,
        Error{ErrorCode::invalid,
              "workflows run each other more than " + std::to_string(kDeepestRun) + " deep", ""});
  }
  const auto definition = around_.find_workflow(workflow.workflow);
  if (!definition)
    return fail(at.state, {"workflow", definition.error().message, at.state.row.key});
  const auto given = evaluate(workflow.with, at.state.row.key, at.scope);
  if (!given) return fail(at.state, given.error());
  auto inputs = fill_inputs((*definition)->workflow->inputs, *given);
  if (!inputs) return fail(at.state, {"inputs", inputs.error().message, at.state.row.key});

  Start start;
  start.id = around_.ids.next<RunId>();
  start.definition = *definition;
  start.trigger_kind = "workflow";
  start.trigger = plain_trigger("workflow", Value::string(state_.row.workflow), around_.now);
  start.inputs = std::move(*inputs);
  start.parent = state_.row.id;
  start.parent_step = at.state.row.key;
  start.depth = state_.row.depth + 1;
  at.state.memo = Value::object({{"run", Value::string(start.id.text())}});
  if (at.step.timeout) at.state.row.due_at = around_.now + *at.step.timeout;
  set(at.state, StepStatus::waiting);
  transition_.starts.push_back(std::move(start));
}

void Advance::go_on(const WorkflowStep&, Underway at, Mode mode) {
  const bool is_late = at.state.row.due_at && *at.state.row.due_at <= around_.now;
  if (at.state.row.due_at && !is_late) wake_at(*at.state.row.due_at);
  const bool is_to_end = mode == Mode::stop || mode == Mode::wind_down || is_late;
  if (!is_to_end || at.state.memo.find("cancelled")) return;
  // It ends when its run has.
  const auto run = RunId::parse(at.state.memo.find("run")->as_string());
  if (is_late) {
    at.state.row.failure = {"timeout", "took longer than " + format_duration(*at.step.timeout),
                            at.state.row.key};
    at.state.row.due_at.reset();
  }
  at.state.memo = std::move(at.state.memo).with_member("cancelled", Value::boolean(true));
  state_.steps.touch(at.state);
  signal(*run, signals::kCancel, "", Value());
}

void Advance::take_sub_run(Underway at, const Value& data) {
  const Value* run = at.state.memo.find("run");
  const Value* status = data.find("status");
  if (!run || !status || !data.find("run") || *data.find("run") != *run) return;
  if (status->as_string() == name_of(RunStatus::succeeded) && !at.state.row.failure) {
    const Value* output = data.find("output");
    return succeed(at, Value::object({{"body", output ? *output : Value()}}));
  }
  if (at.state.row.failure) return fail(at.state, *at.state.row.failure);
  if (at.state.memo.find("cancelled")) return set(at.state, StepStatus::cancelled);
  const Value* failure = data.find("failure");
  const auto message = failure ? text_or_null(*failure, "message") : Value();
  fail(at.state,
       {"workflow",
        "run " + std::string(run->as_string()) + " ended as " + std::string(status->as_string()) +
            (message.is_string() ? ": " + std::string(message.as_string()) : ""),
        at.state.row.key});
}

}  // namespace tba::engine
