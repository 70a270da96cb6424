#include <algorithm>

#include "tests/simulation/judges.h"

namespace tba::simulation {

void judge_outcome(const Evidence& evidence, const Case& run) {
  const auto& row = run.row;
  const auto interrupted =
      std::ranges::count(run.steps, StepStatus::interrupted, &storage::Step::status);
  switch (row.status) {
    case RunStatus::succeeded:
      if (row.failure) evidence.complain(run, "it has a failure");
      break;
    case RunStatus::failed:
      if (!row.failure) evidence.complain(run, "it has no failure");
      break;
    case RunStatus::interrupted:
      if (interrupted == 0) evidence.complain(run, "no step of it is interrupted");
      break;
    case RunStatus::cancelled: {
      const auto& rule = run.workflow().concurrency;
      const bool may_make_way = rule && rule->when_busy == Concurrency::WhenBusy::cancel_oldest;
      if (!row.cancel_requested) evidence.complain(run, "no request to cancel it is stored");
      if (!row.parent && !may_make_way && !evidence.people.has_asked_to_cancel(row.id))
        evidence.complain(run, "nobody has asked for that");
      break;
    }
    default:
      break;
  }
}

void judge_rest(const Evidence& evidence, const Case& run) {
  const auto& row = run.row;
  if (is_final(row.status) || row.status == RunStatus::interrupted) return;
  if (row.status == RunStatus::queued) {
    const auto has_place = [&](const auto& each) {
      const auto& other = each.second.row;
      return other.workflow == row.workflow && other.concurrency_key == row.concurrency_key &&
             (other.status == RunStatus::waiting || other.status == RunStatus::running);
    };
    const auto& rule = run.workflow().concurrency;
    if (!rule || std::ranges::count_if(evidence.cases(), has_place) < rule->limit)
      evidence.complain(run, "it waits for its turn, and it is nobody else's");
    return;
  }
  // Instants have passed; what is left is what somebody has to say, or a run of its own.
  const auto waits_for_somebody = [&](const storage::Step& step) {
    if (step.status == StepStatus::interrupted) return true;
    if (step.status != StepStatus::waiting) return false;
    const auto* definition = run.definition->step(step.key);
    if (std::holds_alternative<WorkflowStep>(definition->action)) {
      const auto* made = evidence.find(evidence.sub_runs(row.id, step.key).at(0));
      return made && !is_final(made->row.status);
    }
    const auto* wait = std::get_if<WaitStep>(&definition->action);
    return wait && !wait->is_for_time() && !step.due_at;
  };
  if (row.status == RunStatus::waiting && std::ranges::any_of(run.steps, waits_for_somebody))
    return;
  std::string steps;
  for (const auto& step : run.steps) {
    if (!is_final(step.status)) steps += fmt::format(" {} is {}", step.key, name_of(step.status));
  }
  evidence.complain(run, "nothing goes on, and it is not over:{}", steps);
}

}  // namespace tba::simulation
