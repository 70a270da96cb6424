#include "tests/simulation/judge.h"

#include <algorithm>

#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::simulation {

using Told = AttemptRecord::Told;

/// Everything that is known of one run.
struct Judge::Case {
  storage::Run row;
  std::vector<storage::Step> steps;
  std::shared_ptr<const engine::Definition> definition;
  Value number;  // what `.trigger.body.n?` gives

  const storage::Step* find(std::string_view key) const {
    const auto found = std::ranges::find(steps, key, &storage::Step::key);
    return found == steps.end() ? nullptr : &*found;
  }
};

template <class... Arguments>
void Judge::complain(const Case& run, fmt::format_string<Arguments...> format,
                     Arguments&&... arguments) {
  journal_.complain("run {} ({}): {}", run.row.id.text(), name_of(run.row.status),
                    fmt::format(format, std::forward<Arguments>(arguments)...));
}

namespace {

/// The number in the body of an answer, or null.
Value number_in(const storage::Step* step) {
  if (!step || step->result_json.empty()) return Value();
  const auto result = parse_json(step->result_json);
  const Value* body = result ? result->find("body") : nullptr;
  const Value* number = body && body->is_object() ? body->find("n") : nullptr;
  return number ? *number : Value();
}

bool is_acting(const Step& step) {
  return !std::holds_alternative<SetStep>(step.action) &&
         !std::holds_alternative<WaitStep>(step.action);
}

}  // namespace

// --- after a crash

void Judge::judge_recovery(Observer& observer) {
  judge_file(observer);
  judge_promises(observer);
  judge_final_runs(observer);
  for (const auto& [run, steps] : ledger_.runs()) {
    for (const auto& [key, attempts] : steps) {
      const auto row = observer.step(run, key);
      const auto number = attempts.back().number;
      if (!row || row->attempt < number) {
        journal_.complain("attempt {} of step '{}' of run {} was made and is not stored", number,
                          key, run.text());
        continue;
      }
      if (is_final(row->status)) ledger_.finish(run, key);
    }
  }
}

void Judge::judge_file(Observer& observer) {
  for (const auto& complaint : observer.damage())
    journal_.complain("the database is damaged: {}", complaint);
}

/// What was acknowledged is there.
void Judge::judge_promises(Observer& observer) {
  for (const auto& [key, delivered] : clients_.delivered()) {
    if (!observer.delivery(delivered.id))
      journal_.complain("the acknowledged delivery {} is lost", key);
    for (const auto& run : delivered.runs) {
      const auto row = observer.run(run);
      if (!row || row->delivery != delivered.id)
        journal_.complain("run {} of the acknowledged delivery {} is lost", run.text(), key);
    }
  }
  for (const auto& id : clients_.started()) {
    if (!observer.run(id)) journal_.complain("the acknowledged run {} is lost", id.text());
  }
}

/// What is over stays as it ended.
void Judge::judge_final_runs(Observer& observer) {
  for (const auto& id : observer.runs()) {
    const auto status = observer.run(id)->status;
    const auto before = over_.find(id);
    if (before != over_.end() && before->second != status)
      journal_.complain("run {} had {} and now is {}", id.text(), name_of(before->second),
                        name_of(status));
    if (is_final(status)) over_.emplace(id, status);
  }
}

// --- in the end

void Judge::judge_end(Observer& observer, int life) {
  life_ = life;
  judge_recovery(observer);
  for (const auto& name : clients_.unanswered()) journal_.complain("{} was never taken", name);
  judge_deliveries(observer);
  judge_slots(observer);
  for (const auto& id : observer.runs()) {
    Case run;
    run.row = *observer.run(id);
    run.steps = observer.steps(id);
    auto definition = observer.definition(run.row.version);
    if (!definition) {
      complain(run, "its workflow cannot be read: {}", definition.error().message);
      continue;
    }
    run.definition = std::move(*definition);
    if (run.row.delivery) {
      const auto delivery = observer.delivery(*run.row.delivery);
      if (delivery) run.number = *parse_json(delivery->body).value().find("n");
    }
    judge_run(run);
  }
}

/// Each delivery is there once, with the runs that were acknowledged, and no others.
void Judge::judge_deliveries(Observer& observer) {
  std::map<std::string, int> copies;
  for (const auto& delivery : observer.deliveries()) {
    if (!delivery.sender_id.empty() && ++copies[delivery.path + "/" + delivery.sender_id] > 1)
      journal_.complain("delivery {} of {} is there twice", delivery.sender_id, delivery.path);
  }
  std::map<DeliveryId, std::vector<RunId>> runs;
  for (const auto& id : observer.runs()) {
    if (const auto delivery = observer.run(id)->delivery) runs[*delivery].push_back(id);
  }
  for (const auto& [key, delivered] : clients_.delivered()) {
    auto& started = runs[delivered.id];
    std::ranges::sort(started);
    if (started != delivered.runs)
      journal_.complain("delivery {} was acknowledged with {} runs, and has {}", key,
                        delivered.runs.size(), started.size());
  }
}

void Judge::judge_slots(Observer& observer) {
  std::map<std::pair<std::string, std::string>, int> runs;
  for (const auto& id : observer.runs()) {
    const auto run = *observer.run(id);
    if (run.trigger_kind != "schedule") continue;
    const auto trigger = parse_json(run.trigger_json).value();
    ++runs[{run.workflow, std::string(trigger.find("at")->as_string())}];
  }
  for (const auto& [slot, at] : clients_.slots()) {
    const auto count = runs[{Clients::name_of(slot.first), format_time(at)}];
    if (count != 1) journal_.complain("slot {} of w{} has {} runs", slot.second, slot.first, count);
  }
}

void Judge::judge_run(const Case& run) {
  judge_outcome(run);
  if (run.row.cancel_requested && !is_final(run.row.status))
    complain(run, "it was to be cancelled");
  if (run.row.status == RunStatus::cancelled && !clients_.asked_to_cancel().contains(run.row.id))
    complain(run, "nobody has cancelled it");
  for (const auto& step : run.steps) judge_step(run, step);
  const auto attempts = ledger_.runs().find(run.row.id);
  if (attempts == ledger_.runs().end()) return;
  for (const auto& [key, records] : attempts->second) {
    if (!run.find(key)) complain(run, "it has no step '{}', which was attempted", key);
  }
}

/// How a run ended fits to its steps.
void Judge::judge_outcome(const Case& run) {
  const auto& workflow = *run.definition->workflow;
  const auto count = [&](StepStatus status) {
    return std::ranges::count(run.steps, status, &storage::Step::status);
  };
  const auto require_all_of = [&](const std::vector<Step>& list) {
    for (const auto& step : list) {
      if (!run.find(step.id)) complain(run, "it did not come to step '{}'", step.id);
    }
  };
  switch (run.row.status) {
    case RunStatus::succeeded:
      require_all_of(workflow.steps);
      if (count(StepStatus::failed) > 0) complain(run, "a step of it failed");
      if (run.row.failure) complain(run, "it has a failure");
      break;
    case RunStatus::failed:
      require_all_of(workflow.on_failure);
      if (!run.row.failure) complain(run, "it has no failure");
      break;
    case RunStatus::interrupted:
      if (count(StepStatus::interrupted) == 0) complain(run, "no step of it is interrupted");
      break;
    case RunStatus::cancelled:
      if (!run.row.cancel_requested) complain(run, "no request to cancel it is stored");
      break;
    default:
      complain(run, "nothing goes on, and it is not over");
  }
  if (count(StepStatus::interrupted) > 0 && run.row.status != RunStatus::interrupted &&
      run.row.status != RunStatus::cancelled)
    complain(run, "a step of it is interrupted");
}

void Judge::judge_step(const Case& run, const storage::Step& step) {
  if (!is_final(step.status) && step.status != StepStatus::interrupted)
    complain(run, "step '{}' is {}", step.key, name_of(step.status));
  const Step* definition = run.definition->step(step.key);
  if (!definition) return complain(run, "step '{}' is not in its workflow", step.key);
  if (is_acting(*definition)) {
    judge_attempts(run, step);
  } else if (!ledger_.of(run.row.id, step.key).empty()) {
    complain(run, "step '{}' needs nothing from outside, and was attempted", step.key);
  }
  if (std::holds_alternative<SetStep>(definition->action)) judge_copies(run, step);
}

/// What is stored of a step is what its last attempt was told, and what nobody knows is not passed
/// over.
void Judge::judge_attempts(const Case& run, const storage::Step& step) {
  const auto& attempts = ledger_.of(run.row.id, step.key);
  const auto acted = std::ranges::count(attempts, true, &AttemptRecord::acted);
  if (step.effect == Effect::once && acted > 1)
    complain(run, "step '{}' must happen once, and happened {} times", step.key, acted);
  const AttemptRecord* last = attempts.empty() ? nullptr : &attempts.back();
  if (last && last->number != step.attempt) last = nullptr;  // the one that is stored never came
  const auto told = last ? last->told : Told::nothing;
  const bool nobody_knows = told == Told::nothing || told == Told::unknown;
  switch (step.status) {
    case StepStatus::succeeded:
      if (told != Told::success) {
        complain(run, "step '{}' succeeded, but its attempt ended with: {}", step.key,
                 name_of(told));
      } else if (step.result_json != last->result_json) {
        complain(run, "the result of step '{}' is not what was answered: {}", step.key,
                 step.result_json.substr(0, 200));
      }
      break;
    case StepStatus::failed:
      if (step.failure && step.failure->kind == "expression") break;  // it may not even have begun
      if (told == Told::success || told == Told::nothing)
        complain(run, "step '{}' failed, but its attempt ended with: {}", step.key, name_of(told));
      if (step.effect == Effect::once && told == Told::unknown)
        complain(run, "step '{}' may have acted, and is said to have failed", step.key);
      break;
    case StepStatus::interrupted:
      if (step.effect != Effect::once)
        complain(run, "step '{}' may be repeated, and is interrupted", step.key);
      // What was told to a daemon that died before it stored it is as good as not told.
      if (!nobody_knows && last->life == life_)
        complain(run, "step '{}' is interrupted, but its attempt ended with: {}", step.key,
                 name_of(told));
      break;
    case StepStatus::skipped:
      if (!attempts.empty()) complain(run, "step '{}' was skipped, and attempted", step.key);
      break;
    default:
      break;
  }
}

/// Values that were made from what happened before are those that are stored of it.
void Judge::judge_copies(const Case& run, const storage::Step& step) {
  if (step.status != StepStatus::succeeded) return;
  const auto result = parse_json(step.result_json);
  const Value* body = result ? result->find("body") : nullptr;
  if (!body) return complain(run, "the result of step '{}' cannot be read", step.key);
  constexpr std::string_view kFrom = "from_";
  for (const auto& member : body->members()) {
    const std::string name(member.name);
    const auto expected =
        name.starts_with(kFrom) ? number_in(run.find(name.substr(kFrom.size()))) : run.number;
    if (to_json(member.value) != to_json(expected))
      complain(run, "step '{}' has {} as {}, not {}", step.key, to_json(member.value), name,
               to_json(expected));
  }
}

}  // namespace tba::simulation
