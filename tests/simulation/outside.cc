#include "tests/simulation/outside.h"

#include <boost/asio/this_coro.hpp>

#include "shared/value/json.h"
#include "tests/simulation/workflow_generator.h"

namespace tba::simulation {

namespace asio = boost::asio;
using engine::Attempt;
using engine::AttemptOutcome;
using storage::Failure;
using Told = AttemptRecord::Told;

namespace {

using namespace std::chrono_literals;

constexpr Duration kForever = 2h;
constexpr std::size_t kLargeBody = 100'000;

AttemptOutcome failed(std::string kind, std::string message) {
  AttemptOutcome outcome;
  outcome.failure = Failure{std::move(kind), std::move(message), ""};
  return outcome;
}

AttemptOutcome cut_off(bool acted_perhaps) {
  auto outcome = failed("cancelled", "it was cut off");
  outcome.unknown = acted_perhaps;
  outcome.certainly_not_acted = !acted_perhaps;
  return outcome;
}

Value answer(int status, Value body) {
  return Value::object({{"status", Value::integer(status)},
                        {"headers", Value::object({})},
                        {"body", std::move(body)}});
}

/// Whether it is what ends daemons.
bool is_poison(const Attempt& attempt) {
  const auto* request = std::get_if<engine::RawRequest>(&attempt.request);
  return request && request->url == Poison::kUrl;
}

Told told_by(const AttemptOutcome& outcome) {
  if (!outcome.failure) return Told::success;
  if (outcome.certainly_not_acted) return Told::not_acted;
  return outcome.unknown ? Told::unknown : Told::failure;
}

}  // namespace

// --- what the dice want

/// A body that no other answer has.
Value Outside::body() {
  ObjectBuilder body;
  body.put("n", Value::integer(++answers_));
  if (dice_.percent(5)) body.put("large", Value::string(std::string(kLargeBody, 'x')));
  return std::move(body).build();
}

Outside::Plan Outside::plan_request() {
  Plan plan;
  const auto status = [&](int number, bool acts, bool certain) {
    plan.acts = acts;
    plan.outcome = failed("http_status", fmt::format("answered {}", number));
    plan.outcome.http_status = number;
    plan.outcome.result = answer(number, body());
    plan.outcome.certainly_not_acted = certain;
  };
  switch (dice_.percent(trouble_) ? dice_.below(7) : 7) {
    case 0:
      status(500, dice_.percent(50), false);
      break;
    case 1:
      status(404, false, false);
      break;
    case 2:
      status(dice_.percent(50) ? 429 : 503, false, true);
      if (dice_.percent(50))
        plan.outcome.retry_after = std::chrono::milliseconds(dice_.between(1, 120'000));
      break;
    case 3:
      plan.outcome = failed("network", "nobody listens");
      plan.outcome.certainly_not_acted = true;
      break;
    case 4:
    case 5:
      plan.acts = dice_.percent(70);
      plan.outcome = failed("network", "the connection ended");
      plan.outcome.unknown = true;
      break;
    case 6:
      plan.acts = dice_.percent(50);
      plan.answers = false;
      break;
    default:
      plan.acts = true;
      plan.outcome.http_status = 200;
      plan.outcome.result = answer(200, body());
  }
  return plan;
}

Outside::Plan Outside::plan_program(const engine::ProgramCall& call) {
  Plan plan;
  plan.acts = true;
  auto printed = body();
  const auto left = [&](std::int64_t exit_code) {
    return Value::object({{"exit_code", Value::integer(exit_code)},
                          {"stdout", Value::string(to_json(printed))},
                          {"stderr", Value::string("")},
                          {"body", call.json_output ? printed : Value()}});
  };
  switch (dice_.percent(trouble_) ? dice_.below(4) : 4) {
    case 0:
      plan.outcome = failed("exit_code", "ended with exit code 1");
      plan.outcome.result = left(1);
      break;
    case 1:
      plan.outcome = failed("signal", "was killed");
      plan.outcome.unknown = true;
      break;
    case 2:
      plan.acts = false;
      plan.outcome = failed("start", "there is no such program");
      plan.outcome.certainly_not_acted = true;
      break;
    case 3:
      plan.answers = false;
      break;
    default:
      plan.outcome.result = left(0);
  }
  return plan;
}

Outside::Plan Outside::plan(const Attempt& attempt) {
  const auto* program = std::get_if<engine::ProgramCall>(&attempt.request);
  auto plan = program ? plan_program(*program) : plan_request();
  plan.until_act = dice_.span(1ms, 5s);
  plan.until_answer = plan.answers ? dice_.span(1ms, 5s) : kForever;
  if (!plan.answers) {
    plan.outcome = failed("network", "the connection timed out");
    plan.outcome.unknown = true;
  }
  return plan;
}

// --- attempts

/// What is about to act must be on disk as begun.
void Outside::Door::check_that_it_is_stored(const Attempt& attempt) {
  const auto run = observer_.run(attempt.run);
  const auto step = observer_.step(attempt.run, attempt.step);
  if (run && step && !is_final(run->status) && step->status == StepStatus::running &&
      step->attempt == attempt.number && step->effect == attempt.effect)
    return;
  outside_.journal_.complain(
      "attempt {} of step '{}' of run {} begins, while the store says: run {}, step {}",
      attempt.number, attempt.step, attempt.run.text(),
      run ? std::string(name_of(run->status)) : "not there",
      step ? fmt::format("{}, attempt {}", name_of(step->status), step->attempt) : "not there");
}

AttemptOutcome Outside::Door::tell(const Attempt& attempt, std::size_t place,
                                   AttemptOutcome outcome) {
  if (is_dead_()) return outcome;
  auto& record = outside_.ledger_.at(attempt.run, attempt.step, place);
  record.told = told_by(outcome);
  record.result_json = to_json(outcome.result);
  outside_.journal_.note("outside: attempt {} of '{}' of {} ends: {}{}", attempt.number,
                         attempt.step, attempt.run.text(), name_of(record.told),
                         outcome.failure ? " (" + outcome.failure->message + ")" : "");
  return outcome;
}

asio::awaitable<AttemptOutcome> Outside::Door::perform(Attempt attempt, engine::LineSink log) {
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_await asio::this_coro::throw_if_cancelled(false);
  if (is_dead_()) co_return cut_off(true);

  auto& time = outside_.time_;
  check_that_it_is_stored(attempt);
  if (outside_.on_begin) outside_.on_begin();
  const auto place = outside_.ledger_.begin(attempt, life_);
  outside_.journal_.note("outside: attempt {} of '{}' of {} begins ({})", attempt.number,
                         attempt.step, attempt.run.text(), name_of(attempt.effect));
  const auto plan = outside_.plan(attempt);
  const bool is_program = std::holds_alternative<engine::ProgramCall>(attempt.request);

  const bool comes_to_act = co_await wait_for(time, plan.until_act);
  if (!comes_to_act) co_return tell(attempt, place, cut_off(is_program));
  if (is_poison(attempt) && outside_.on_poison) {
    outside_.on_poison();
    co_return cut_off(true);
  }
  if (plan.acts) {
    outside_.ledger_.at(attempt.run, attempt.step, place).acted = true;
    if (outside_.on_effect) outside_.on_effect();
    if (is_dead_()) co_return cut_off(true);
  }
  if (is_program) log("stdout", "at work");

  const bool comes_to_answer = co_await wait_for(time, plan.until_answer);
  if (!comes_to_answer) co_return tell(attempt, place, cut_off(true));
  if (is_program) log("stdout", "done");
  co_return tell(attempt, place, plan.outcome);
}

}  // namespace tba::simulation
