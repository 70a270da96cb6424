#include <algorithm>

#include "tests/simulation/judges.h"

namespace tba::simulation {
namespace {

using namespace std::chrono_literals;

/// What is acknowledged that long before a step's time is over is taken in time.
constexpr Duration kInTime = 1min;

class SignalJudge {
 public:
  explicit SignalJudge(const Evidence& evidence) : evidence_(evidence) {}

  void judge() {
    for (const auto& [serial, cancel] : evidence_.people.cancels()) judge_cancel(cancel);
    for (const auto& [serial, decision] : evidence_.people.decisions()) judge_decision(decision);
    for (const auto& [serial, verdict] : evidence_.people.verdicts()) {
      if (verdict.acknowledged_at) judge_told(verdict.place, *verdict.acknowledged_at, "a verdict");
    }
    for (const auto& [serial, emission] : evidence_.people.emissions()) judge_emission(emission);
  }

 private:
  bool is_signalled(RunId run, std::string_view kind, std::string_view step) const {
    const auto signals = evidence_.observer.signals(run);
    return std::ranges::any_of(signals, [&](const storage::Signal& signal) {
      return signal.kind == kind && (step.empty() || signal.step == step);
    });
  }

  void judge_cancel(const People::Cancel& cancel) const {
    if (!cancel.acknowledged_at) return;
    const auto* run = evidence_.find(cancel.place.first);
    if (!run) return;  // judge_promises() has something to say about that
    if (run->row.cancel_requested || is_signalled(run->row.id, "cancel", "")) return;
    // It may have come to its end before it heard of that; but then it did nothing any more.
    if (!is_final(run->row.status)) {
      evidence_.complain(*run, "that it is to be cancelled is forgotten");
    } else if (evidence_.ledger.last_of(run->row.id) > cancel.attempts) {
      evidence_.complain(*run, "it went on though it was to be cancelled");
    }
  }

  /// Each is told of in the run's log, once for each step that it concerned.
  void judge_decision(const People::Decision& decision) const {
    const auto& [id, step] = decision.place;
    const auto* run = evidence_.find(id);
    if (!run) return;
    const auto by = fmt::format("resumed by {} ", People::name_of(decision.serial));
    const auto log = evidence_.observer.log(id);
    const auto times = static_cast<std::size_t>(
        std::ranges::count_if(log, [&](const std::string& line) { return line.starts_with(by); }));
    if (!step.empty() && times > 1)
      evidence_.complain(*run, "a decision about step '{}' was carried out {} times", step, times);
    if (!decision.acknowledged_at || times > 0 || is_signalled(id, "resume", step)) return;
    // Meanwhile another one may have decided, or nobody has to any more.
    const auto waits = [&](const storage::Step& each) {
      return each.status == StepStatus::interrupted && (step.empty() || each.key == step);
    };
    const auto decides_too = [&](const auto& each) {
      return each.second.serial != decision.serial && each.second.place.first == id;
    };
    if (std::ranges::any_of(run->steps, waits) &&
        std::ranges::none_of(evidence_.people.decisions(), decides_too))
      evidence_.complain(*run, "a decision about step '{}' is forgotten", step);
  }

  void judge_emission(const People::Emission& emission) const {
    if (!emission.acknowledged_at) return;
    for (const auto& [id, key] : emission.awaited_by) {
      const auto* run = evidence_.find(id);
      const auto* definition = run ? run->definition->step(key) : nullptr;
      if (!definition || !matches(std::get<WaitStep>(definition->action), emission.n)) continue;
      judge_told({id, key}, *emission.acknowledged_at, "an event");
    }
  }

  /// The step has heard of it, or will.
  void judge_told(const People::Place& place, Instant at, std::string_view what) const {
    const auto& [id, key] = place;
    const auto* run = evidence_.find(id);
    const auto* step = run ? run->find(key) : nullptr;
    if (!step) return;
    if (step->status == StepStatus::waiting) {
      if (!is_signalled(id, "event", key) && !is_signalled(id, "approval", key))
        evidence_.complain(*run, "{} for step '{}' is forgotten", what, key);
      return;
    }
    if (step->status != StepStatus::failed || step->failure->kind != "timeout") return;
    const auto* definition = run->definition->step(key);
    const auto over_at = step->started_at + *definition->timeout;
    const auto& history = evidence_.history;
    if (over_at - at > kInTime && !history.disk_failed && !history.clock_was_set)
      evidence_.complain(*run, "{} for step '{}' came in time, and was not heard", what, key);
  }

  const Evidence& evidence_;
};

}  // namespace

void judge_signals(const Evidence& evidence) {
  SignalJudge(evidence).judge();
}

}  // namespace tba::simulation
