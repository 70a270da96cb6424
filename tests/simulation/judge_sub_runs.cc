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

}  // namespace tba::simulation
