#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "daemon/engine/advance.h"
#include "daemon/engine/retry.h"
#include "daemon/engine/trials.h"
#include "shared/duration.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::engine {
namespace {

constexpr std::string_view kIdempotencyKey = "Idempotency-Key";

/// Shorter waits for an API are not told of in the log of a run.
constexpr std::chrono::seconds kWorthTelling{10};

/// Whether the file gives the request a key of its own.
bool has_key(const RawRequest& request) {
  return std::ranges::any_of(request.headers, [](const auto& header) {
    return equal_ignoring_case(header.first, kIdempotencyKey);
  });
}

}  // namespace

/// A notification's effect is that of the endpoint that its target names now.
Effect Advance::effect_of(const Step& step) const {
  const auto* notify = std::get_if<NotifyStep>(&step.action);
  if (!notify || step.effect) return engine::effect_of(*state_.definition, step);
  const auto target = around_.find_notify_target(notify->target);
  return target ? engine::effect_of(*target->connector, target->endpoint) : Effect::once;
}

/// Whether the far side has just forgotten the step's key: from now on the step is as one without.
bool Advance::let_key_expire(Underway at) {
  auto& row = at.state.row;
  if (row.effect != Effect::keyed || row.attempt == 0) return false;
  const auto lifetime = key_lifetime(at.step);
  if (!lifetime || around_.now - row.started_at < *lifetime) return false;
  row.effect = Effect::once;
  return true;
}

std::optional<std::chrono::milliseconds> Advance::key_lifetime(const Step& step) const {
  if (const auto* call = std::get_if<CallStep>(&step.action)) {
    const auto found = state_.definition->connectors.find(call->connector);
    if (found != state_.definition->connectors.end()) return found->second->idempotency.lifetime;
  }
  if (const auto* notify = std::get_if<NotifyStep>(&step.action)) {
    if (const auto target = around_.find_notify_target(notify->target))
      return target->connector->idempotency.lifetime;
  }
  return std::nullopt;
}

void Advance::go_on_attempt(Underway at, Mode mode) {
  if (at.state.row.status == StepStatus::running) {
    ++in_flight_;
    if (mode == Mode::stop) transition_.commands.emplace_back(StopAttempt{at.state.row.key});
    return;
  }
  if (mode == Mode::stop || mode == Mode::wind_down) {
    if (const auto& why = at.state.row.failure)
      waited_for_ = fmt::format(" while step '{}' waited: {}", at.state.row.key, why->message);
    return set(at.state, StepStatus::cancelled);
  }
  if (mode == Mode::hold) return;
  if (*at.state.row.due_at > around_.now) return wake_at(*at.state.row.due_at);
  if (!around_.may_start_attempts) {
    is_held_back_ = true;
    return;
  }
  if (let_key_expire(at)) return interrupt_unknown(at.state);
  start_attempt(at, at.state.row.attempt + 1);
  if (!is_final(at.state.row.status)) ++in_flight_;
}

/// Records an attempt and asks for it; fails the step where it cannot even be made.
void Advance::start_attempt(Underway at, int number) {
  auto& step = at.state;
  Attempt attempt;
  attempt.credential = at.step.credential;
  auto request = request_of(at, attempt.credential);
  if (!request) return fail(step, request.error());
  if (auto* call = std::get_if<EndpointCall>(&*request)) {
    if (const Value* page = step.memo.find("page")) call->page = *page;
  }
  if (at.step.cache && !ask_for_cache(at, attempt)) return;
  step.row.attempt = number;
  step.row.attempt_started_at = around_.now;
  if (number == 1) step.row.started_at = around_.now;
  step.row.due_at.reset();
  step.row.failure.reset();
  set(step, StepStatus::running);
  if (step.row.effect == Effect::keyed) give_key(*request, step);

  attempt.run = state_.row.id;
  attempt.step = step.row.key;
  attempt.number = number;
  attempt.effect = step.row.effect;
  attempt.timeout = at.step.timeout;
  attempt.request = std::move(*request);
  transition_.commands.emplace_back(StartAttempt{std::move(attempt)});
}

Result<Request> Advance::request_of(Underway at, std::string& credential) {
  if (const auto* notify = std::get_if<NotifyStep>(&at.step.action))
    return notification(*notify, at, credential);
  return evaluate_request(*state_.definition, at.step, evaluator(at.state.row.key, at.scope));
}

/// The call of the target's endpoint, with the target's credential. Its mapping reads what the step
/// gives, and nothing of the run.
Result<Request> Advance::notification(const NotifyStep& notify, Underway at,
                                      std::string& credential) {
  const auto target = around_.find_notify_target(notify.target);
  if (!target) return target.error();
  auto told = evaluate(notify.with, at.state.row.key, at.scope);
  if (!told) return told.error();
  expression::Context context;
  context.set(expression::Root::inputs, std::move(*told));
  context.set(expression::Root::vars, around_.vars);
  auto parameters = evaluate(target->with, at.state.row.key, context);
  if (!parameters) return parameters.error();
  credential = target->credential;
  return Request{EndpointCall{target->connector, target->endpoint, std::move(*parameters), {}}};
}

/// Notes under which key an earlier result may be found; false where the step fails over it.
bool Advance::ask_for_cache(Underway at, Attempt& attempt) {
  auto key = evaluate(at.step.cache->key, at.state.row.key, at.scope);
  if (!key) {
    fail(at.state, key.error());
    return false;
  }
  at.state.memo = Value::object({{"cache", *key}});
  attempt.cached = CachedResult{state_.row.workflow, at.step.id, to_json(*key)};
  return true;
}

void Advance::keep_in_cache(Underway at) {
  storage::CacheEntry entry;
  entry.workflow = state_.row.workflow;
  entry.step = at.step.id;
  entry.key = to_json(*at.state.memo.find("cache"));
  entry.expires_at = around_.now + at.step.cache->lifetime;
  entry.result_json = to_json(at.state.result);
  state_.writes.emplace_back(storage::PutCache{std::move(entry)});
}

void Advance::conclude(Underway at, const AttemptOutcome& outcome) {
  auto& step = at.state;
  step.row.failure = outcome.failure;
  if (!outcome.failure) {
    step.result = outcome.result;
    if (at.step.cache && !outcome.is_from_cache) keep_in_cache(at);
    return succeed(at, outcome.result);
  }
  step.row.failure->step = step.row.key;
  if (must_end()) {
    if (step.row.effect == Effect::once && outcome.unknown) {
      log(step.row.key, "stopped while it may have acted: attempt " +
                            std::to_string(step.row.attempt) + " has no known result");
    }
    step.result = outcome.result;
    return set(step, StepStatus::cancelled);
  }
  if (outcome.not_before) return postpone(step, outcome);
  conclude_failure(at, outcome);
}

/// The attempt is made when the API lets it be.
void Advance::postpone(StepState& step, const AttemptOutcome& outcome) {
  const auto delay = *outcome.not_before - around_.now;
  if (delay >= kWorthTelling) {
    log(step.row.key, "waits for " +
                          format_duration(std::chrono::ceil<std::chrono::seconds>(delay)) + ": " +
                          outcome.failure->message);
  }
  --step.row.attempt;
  step.row.due_at = *outcome.not_before;
  set(step, StepStatus::waiting);
}

void Advance::conclude_failure(Underway at, const AttemptOutcome& outcome) {
  auto& step = at.state;
  const auto policy = retry_policy_of(*state_.definition, at.step);
  // What earlier attempts did nobody knows any more.
  if (let_key_expire(at) && step.row.attempt > 1) return interrupt_unknown(step);
  auto next = after_failure(policy, step.row.effect, step.row.attempt, outcome);
  if (next == AfterFailure::ask) {
    const auto wanted = is_to_be_retried(at, policy, outcome);
    if (!wanted) {
      auto error = wanted.error();
      error.message += "; asked because " + outcome.failure->message;
      step.result = outcome.result;
      return fail(step, error);
    }
    next = *wanted ? AfterFailure::retry : AfterFailure::fail;
  }
  switch (next) {
    case AfterFailure::retry:
      return retry_later(step, policy, outcome);
    case AfterFailure::interrupt:
      return interrupt_unknown(step);
    case AfterFailure::ask:
    case AfterFailure::fail:
      step.result = outcome.result;
      return fail(step, *step.row.failure);
  }
}

/// Whether one of the policy's expressions says so. They read the attempt as `.attempt`, why it
/// failed as `.error`, and what the step's own expressions do.
Result<bool> Advance::is_to_be_retried(Underway at, const RetryPolicy& policy,
                                       const AttemptOutcome& outcome) {
  static constexpr std::array<std::string_view, 6> kLeft{"status",    "headers", "body",
                                                         "exit_code", "stdout",  "stderr"};
  ObjectBuilder attempt;
  attempt.put("number", Value::integer(at.state.row.attempt));
  for (const auto key : kLeft) {
    const auto* left = outcome.result.find(key);
    attempt.put(key, left ? *left : Value());
  }
  auto context = context_of(state_, at.scope, around_.vars);
  context.set(expression::Root::attempt, std::move(attempt).build());
  context.set(expression::Root::error, failure_value(*at.state.row.failure));
  for (const auto& expression : policy.on_expressions) {
    auto holds = condition(expression, "on", at.state.row.key, context);
    if (!holds || *holds) return holds;
  }
  return false;
}

void Advance::retry_later(StepState& step, const RetryPolicy& policy,
                          const AttemptOutcome& outcome) {
  const auto delay = delay_before(policy, step.row.attempt, outcome, around_.random);
  log(step.row.key, "attempt " + std::to_string(step.row.attempt) + " failed (" +
                        outcome.failure->message + "), trying again in " + format_duration(delay));
  step.row.due_at = around_.now + delay;
  set(step, StepStatus::waiting);
}

/// Decides about an attempt that was in flight when its daemon ended.
void Advance::recover(Underway at) {
  auto& step = at.state;
  if (is_poison()) {
    return interrupt(step, "the daemon ended " + std::to_string(kMostSoloCrashes) +
                               " times while no other run was carried out");
  }
  let_key_expire(at);
  if (step.row.effect == Effect::once) return interrupt_unknown(step);
  step.is_suspect = true;
  ++state_.suspects;
  log(step.row.key, "attempt " + std::to_string(step.row.attempt) + " was cut off and is repeated");
  step.row.due_at = around_.now;
  set(step, StepStatus::waiting);
}

/// The same key for every attempt of the step, in this run and in no other.
void Advance::give_key(Request& request, const StepState& step) {
  const auto key = state_.row.id.text() + "/" + step.row.key;
  if (auto* call = std::get_if<EndpointCall>(&request)) call->idempotency_key = key;
  if (auto* raw = std::get_if<RawRequest>(&request); raw && !has_key(*raw)) {
    raw->headers.emplace_back(kIdempotencyKey, key);
  }
}

}  // namespace tba::engine
