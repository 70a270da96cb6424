#include <algorithm>

#include "shared/value/json.h"
#include "tests/simulation/judges.h"

namespace tba::simulation {
namespace {

/// The step is done with, and so is the run that it made.
void judge_ended(const Evidence& evidence, const Case& run, const storage::Step& step,
                 const Case& sub_run) {
  const auto status = sub_run.row.status;
  const bool has_succeeded = status == RunStatus::succeeded;
  const auto complain = [&](std::string_view what) {
    evidence.complain(run, "step '{}' {}, and its run {} has {}", step.key, what,
                      sub_run.row.id.text(), name_of(status));
  };
  if (!is_final(status)) return complain("is over");
  switch (step.status) {
    case StepStatus::succeeded: {
      if (!has_succeeded) return complain("succeeded");
      const auto& output = sub_run.row.output_json;
      const auto expected = output.empty() ? Value() : parse_json(output).value();
      if (to_json(body_of(&step)) != to_json(expected)) complain("has another output");
      return;
    }
    case StepStatus::failed:
      if (has_succeeded && (!step.failure || step.failure->kind != "timeout")) complain("failed");
      return;
    default:
      if (has_succeeded) complain("was cancelled");
  }
}

}  // namespace

void judge_sub_runs(const Evidence& evidence, const Case& run) {
  for (const auto& step : run.steps) {
    const auto* definition = run.definition->step(step.key);
    if (!definition || !std::holds_alternative<WorkflowStep>(definition->action)) continue;
    const auto& made = evidence.sub_runs(run.row.id, step.key);
    if (made.size() > 1)
      evidence.complain(run, "step '{}' has made {} runs", step.key, made.size());
    if (made.empty()) {
      const bool has_begun = step.status == StepStatus::waiting ||
                             step.status == StepStatus::succeeded ||
                             step.status == StepStatus::cancelled;
      if (has_begun) evidence.complain(run, "step '{}' has made no run", step.key);
      continue;
    }
    const auto* sub_run = evidence.find(made.front());
    if (sub_run && is_final(step.status)) judge_ended(evidence, run, step, *sub_run);
  }
  if (!run.row.parent) return;
  const auto* parent = evidence.find(*run.row.parent);
  const auto* step = parent ? parent->find(run.row.parent_step) : nullptr;
  if (!step) return evidence.complain(run, "no step has made it");
  if (is_final(run.row.status) || step->status == StepStatus::waiting) return;
  evidence.complain(run, "it goes on though nobody waits for it");
}

void judge_rest(const Evidence& evidence, const Case& run) {
  const auto& row = run.row;
  if (is_final(row.status) || row.status == RunStatus::interrupted) return;
  if (row.status == RunStatus::queued) {
    const auto is_before = [&](const auto& each) {
      const auto& other = each.second.row;
      return other.workflow == row.workflow && other.concurrency_key == row.concurrency_key &&
             (other.status == RunStatus::waiting || other.status == RunStatus::running);
    };
    if (!row.concurrency_key.empty() && std::ranges::any_of(evidence.cases(), is_before)) return;
    return evidence.complain(run, "it waits for its turn, and it is nobody else's");
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
