#include <algorithm>
#include <set>

#include "shared/value/json.h"
#include "tests/simulation/judges.h"

namespace tba::simulation {
namespace {

/// Walks through the lists of a run as the engine should have.
class ListJudge {
 public:
  ListJudge(const Evidence& evidence, const Case& run) : evidence_(evidence), run_(run) {}

  void judge() {
    const auto steps = walk_phase(RunPhase::steps);
    const auto on_success = walk_phase(RunPhase::on_success);
    const auto on_failure = walk_phase(RunPhase::on_failure);
    const auto finally = walk_phase(RunPhase::finally);
    judge_phases(steps, on_success, on_failure, finally);
    for (const auto& step : run_.steps) {
      if (!met_.contains(step.key)) complain("step '{}' was not to begin", step.key);
    }
  }

 private:
  /// What has become of a list.
  struct Outcome {
    bool has_begun = false;
    bool is_complete = true;  // every step is done
    bool has_failed = false;  // a step has, and not only for itself
  };

  template <class... Arguments>
  void complain(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    evidence_.complain(run_, format, std::forward<Arguments>(arguments)...);
  }

  Outcome walk_phase(RunPhase phase) {
    in_handlers_ = phase != RunPhase::steps;
    return walk(run_.workflow().list_of(phase), "");
  }

  void judge_phases(const Outcome& steps, const Outcome& on_success, const Outcome& on_failure,
                    const Outcome& finally) const {
    const auto status = run_.row.status;
    if (on_success.has_begun && (!steps.is_complete || steps.has_failed))
      complain("on_success was done before the steps succeeded");
    if (on_success.has_begun && on_failure.has_begun)
      complain("both on_success and on_failure were done");
    if (status == RunStatus::succeeded) {
      if (!steps.is_complete || !on_success.is_complete || !finally.is_complete)
        complain("it left out a step");
      if (steps.has_failed) complain("a step of it failed");
    }
    if (status == RunStatus::failed && (!on_failure.is_complete || !finally.is_complete))
      complain("it left out a step that handles the failure");
    const bool is_going_on = status == RunStatus::running || status == RunStatus::waiting;
    if (steps.has_failed && run_.row.phase == RunPhase::steps && !is_going_on &&
        status != RunStatus::cancelled && status != RunStatus::interrupted)
      complain("it did not handle a failure");
  }

  Outcome walk(const std::vector<Step>& list, const std::string& scope) {
    return is_graph(list) ? walk_graph(list, scope) : walk_sequence(list, scope);
  }

  /// Each begins when the one before it is done.
  Outcome walk_sequence(const std::vector<Step>& list, const std::string& scope) {
    Outcome outcome;
    for (const auto& step : list) {
      const auto* row = visit(step, scope, outcome);
      if (row && !outcome.is_complete) complain("step '{}' began before its turn", row->key);
      outcome.is_complete &= row && is_done(step, *row);
    }
    return outcome;
  }

  /// Each begins when those that it needs are done.
  Outcome walk_graph(const std::vector<Step>& list, const std::string& scope) {
    Outcome outcome;
    for (const auto& step : list) {
      const auto* row = visit(step, scope, outcome);
      outcome.is_complete &= row && is_done(step, *row);
      if (!row) continue;
      for (const auto& id : step.needs) {
        const auto needed = std::ranges::find(list, id, &Step::id);
        const auto* its = run_.find(scope + id);
        if (!its || !is_done(*needed, *its))
          complain("step '{}' began before '{}' was done", row->key, id);
      }
    }
    return outcome;
  }

  /// Looks at a step and at what it holds.
  const storage::Step* visit(const Step& step, const std::string& scope, Outcome& outcome) {
    const auto* row = run_.find(scope + step.id);
    if (!row) return nullptr;
    met_.insert(row->key);
    outcome.has_begun = true;
    if (const auto* parallel = std::get_if<ParallelStep>(&step.action))
      judge_parallel(*parallel, *row, scope);
    if (const auto* loop = std::get_if<ForEachStep>(&step.action)) judge_loop(*loop, *row);
    if (const auto* choose = std::get_if<ChooseStep>(&step.action))
      judge_choice(*choose, *row, scope);
    const bool counts = !step.continue_on_error && !in_handlers_;
    if (row->status == StepStatus::failed && counts) outcome.has_failed = true;
    return row;
  }

  bool is_done(const Step& step, const storage::Step& row) const {
    if (row.status == StepStatus::failed) return step.continue_on_error || in_handlers_;
    return row.status == StepStatus::succeeded || row.status == StepStatus::skipped ||
           (in_handlers_ && row.status == StepStatus::cancelled);
  }

  // --- steps that hold others

  void judge_parallel(const ParallelStep& parallel, const storage::Step& row,
                      const std::string& scope) {
    ObjectBuilder results;
    for (const auto& branch : parallel.branches) {
      judge_held(row, walk(branch.steps, scope));
      results.put(branch.name, result_of(branch.steps, scope));
    }
    judge_body(row, std::move(results).build());
  }

  void judge_loop(const ForEachStep& loop, const storage::Step& row) {
    const auto body = body_of(&row);
    const bool has_succeeded = row.status == StepStatus::succeeded;
    ArrayBuilder results;
    for (std::size_t i = 0;; ++i) {
      const auto scope = fmt::format("{}[{}]/", row.key, i);
      const auto outcome = walk(loop.steps, scope);
      if (!outcome.has_begun) break;
      judge_held(row, outcome);
      results.add(result_of(loop.steps, scope));
    }
    if (!has_succeeded) return;
    const auto done = std::move(results).build();
    judge_body(row, done);
    if (loop.items.is_constant() && loop.items.as_constant().size() != done.size())
      complain("step '{}' has left out items", row.key);
  }

  void judge_choice(const ChooseStep& choose, const storage::Step& row, const std::string& scope) {
    int chosen = 0;
    Value result;
    for (const auto& branch : choose.branches) {
      const auto outcome = walk(branch.steps, scope);
      if (!outcome.has_begun) continue;
      ++chosen;
      judge_held(row, outcome);
      result = result_of(branch.steps, scope);
    }
    if (chosen > 1) complain("step '{}' has made {} choices", row.key, chosen);
    judge_body(row, result);
  }

  /// A list that is held by a step.
  void judge_held(const storage::Step& row, const Outcome& list) const {
    if (row.status != StepStatus::succeeded) return;
    if (!list.is_complete) complain("step '{}' succeeded, and what it holds did not", row.key);
    if (list.has_failed) complain("step '{}' succeeded, and what it holds failed", row.key);
  }

  void judge_body(const storage::Step& row, const Value& expected) const {
    if (row.status != StepStatus::succeeded) return;
    if (const auto body = body_of(&row); to_json(body) != to_json(expected))
      complain("step '{}' gave {}, and what it holds {}", row.key, to_json(body),
               to_json(expected));
  }

  Value result_of(const std::vector<Step>& list, const std::string& scope) const {
    return body_of(run_.find(scope + list.back().id));
  }

  const Evidence& evidence_;
  const Case& run_;
  bool in_handlers_ = false;
  std::set<std::string> met_;
};

}  // namespace

void judge_lists(const Evidence& evidence, const Case& run) {
  ListJudge(evidence, run).judge();
}

}  // namespace tba::simulation
