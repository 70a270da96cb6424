#include <algorithm>
#include <charconv>

#include "daemon/engine/advance.h"
#include "shared/duration.h"
#include "shared/value/json.h"
#include "tests/simulation/judges.h"
#include "tests/simulation/workflow_generator.h"

namespace tba::simulation {
namespace {

using Told = AttemptRecord::Told;
using Way = engine::Engine::Decision;

/// Judges one step of a run.
class StepJudge {
 public:
  StepJudge(const Evidence& evidence, const Case& run, const storage::Step& step,
            const Step& definition)
      : evidence_(evidence), run_(run), step_(step), definition_(definition) {}

  void judge() {
    if (is_final(run_.row.status) && !is_final(step_.status))
      complain("is {}", name_of(step_.status));
    if (engine::is_attempted(definition_)) {
      judge_attempts();
    } else if (!attempts_.empty()) {
      complain("needs nothing from outside, and was attempted");
    }
    if (step_.status != StepStatus::succeeded) return;
    if (std::holds_alternative<SetStep>(definition_.action)) judge_copies();
    if (const auto* wait = std::get_if<WaitStep>(&definition_.action)) judge_wait(*wait);
  }

 private:
  template <class... Arguments>
  void complain(fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
    evidence_.complain(run_, "step '{}' {}", step_.key,
                       fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  bool was_decided(Way what) const {
    return evidence_.people.count_decisions({run_.row.id, step_.key}, what) > 0;
  }

  // --- attempts

  void judge_attempts() const {
    const auto acted =
        static_cast<std::size_t>(std::ranges::count(attempts_, true, &AttemptRecord::acted));
    const auto repeats = evidence_.people.count_decisions({run_.row.id, step_.key}, Way::repeat);
    if (step_.effect == Effect::once && acted > 1 + repeats)
      complain("must happen once, and happened {} times", acted);
    const AttemptRecord* last = attempts_.empty() ? nullptr : &attempts_.back();
    if (last && last->number != step_.attempt) last = nullptr;  // that one never came
    const auto told = last ? last->told : Told::nothing;
    if (step_.status == StepStatus::succeeded) judge_success(last);
    if (step_.status == StepStatus::failed) judge_failure(told);
    if (step_.status == StepStatus::interrupted) judge_interruption(last);
    if (step_.status == StepStatus::skipped && !attempts_.empty() && !was_decided(Way::skip))
      complain("was skipped, and attempted");
  }

  void judge_success(const AttemptRecord* last) const {
    const bool was_told = last && last->told == Told::success;
    if (was_told && last->result_json == step_.result_json) return;
    if (definition_.cache &&
        evidence_.was_answered(run_.row.workflow, definition_.id, step_.result_json))
      return;
    if (!was_told) {
      complain("succeeded, but its attempt ended with: {}",
               name_of(last ? last->told : Told::nothing));
    } else {
      complain("has a result that is not what was answered: {}", step_.result_json.substr(0, 200));
    }
  }

  void judge_failure(Told told) const {
    if (step_.failure && step_.failure->kind == "expression") return;  // it may not have begun
    if (was_decided(Way::fail)) return;
    if (told == Told::success || told == Told::nothing)
      complain("failed, but its attempt ended with: {}", name_of(told));
    if (step_.effect == Effect::once && told == Told::unknown)
      complain("may have acted, and is said to have failed");
  }

  void judge_interruption(const AttemptRecord* last) const {
    const bool is_set_aside =
        step_.failure && step_.failure->message.starts_with("the daemon ended");
    if (is_set_aside && !may_be_poison()) complain("is set aside, and is innocent");
    if (is_set_aside) return;
    if (step_.effect != Effect::once) complain("may be repeated, and is interrupted");
    const auto told = last ? last->told : Told::nothing;
    const bool nobody_knows = told == Told::nothing || told == Told::unknown;
    // What was told to a daemon that died before it stored it is as good as not told.
    if (!nobody_knows && last->life == evidence_.history.present)
      complain("is interrupted, but its attempt ended with: {}", name_of(told));
  }

  /// A run is poison with all that is in flight of it. Another one may be taken for it only where
  /// random deaths have met it with hardly any others, twice.
  bool may_be_poison() const {
    constexpr std::size_t kFew = 3;
    if (!evidence_.ledger.of(run_.row.id, Poison::kStep).empty()) return true;
    return std::ranges::count_if(evidence_.history.under_way,
                                 [](std::size_t count) { return count > 0 && count <= kFew; }) >= 2;
  }

  // --- values

  /// Values that were made from what happened before are those that are stored of it.
  void judge_copies() const {
    const auto body = body_of(&step_);
    if (!body.is_object()) return complain("has no readable result");
    for (const auto& member : body.members()) {
      const auto expected = expected_of(std::string(member.name));
      if (to_json(member.value) != to_json(expected))
        complain("has {} as {}, not {}", to_json(member.value), member.name, to_json(expected));
    }
  }

  Value expected_of(const std::string& name) const {
    if (name == "trigger") return run_.number;
    if (name == "input") return run_.input;
    if (name == "index") return Value::integer(static_cast<std::int64_t>(index()));
    if (name == "item") return item();
    const auto id = name.substr(name.find('_') + 1);
    const auto body = body_of(run_.readable(id, step_.key));
    return name.starts_with("whole_") ? body : number_in(body);
  }

  std::size_t index() const {
    std::size_t index = 0;
    const auto bracket = step_.key.rfind('[');
    std::from_chars(step_.key.data() + bracket + 1, step_.key.data() + step_.key.size(), index);
    return index;
  }

  /// Items are written in the file, or count from 0.
  Value item() const {
    const auto* loop = run_.definition->step(step_.key.substr(0, step_.key.rfind('[')));
    const auto& items = std::get<ForEachStep>(loop->action).items;
    return items.is_constant() ? items.as_constant().items()[index()]
                               : Value::integer(static_cast<std::int64_t>(index()));
  }

  // --- waits

  void judge_wait(const WaitStep& wait) const {
    if (wait.what == WaitStep::For::event) judge_event(wait);
    if (wait.what == WaitStep::For::approval) judge_approval();
    if (wait.what != WaitStep::For::duration) return;
    const auto text = wait.subject.as_constant();
    const auto due_at = step_.started_at + parse_duration(text.as_string()).value();
    if (*step_.finished_at < due_at) complain("did not wait long enough");
  }

  /// What it got is an event that was emitted, of its name, and one that it waited for.
  void judge_event(const WaitStep& wait) const {
    const auto body = body_of(&step_);
    const Value* serial = body.find("serial");
    const auto& emissions = evidence_.people.emissions();
    const auto found = emissions.find(serial ? static_cast<int>(serial->as_integer()) : 0);
    if (found == emissions.end()) return complain("got an event that nobody has emitted");
    const auto& event = found->second;
    if (wait.subject.as_constant().as_string() != event.name) complain("got another event");
    if (!matches(wait, event.n)) complain("got an event that does not match");
  }

  void judge_approval() const {
    const auto body = body_of(&step_);
    const Value* comment = body.find("comment");
    const auto is_it = [&](const auto& verdict) {
      const auto& asked = verdict.second;
      return asked.is_approved && asked.place == People::Place(run_.row.id, step_.key) && comment &&
             comment->is_string() && comment->as_string() == People::name_of(asked.serial);
    };
    if (!std::ranges::any_of(evidence_.people.verdicts(), is_it))
      complain("was approved by nobody");
  }

  const Evidence& evidence_;
  const Case& run_;
  const storage::Step& step_;
  const Step& definition_;
  const std::vector<AttemptRecord>& attempts_ = evidence_.ledger.of(run_.row.id, step_.key);
};

}  // namespace

bool matches(const WaitStep& wait, std::int64_t n) {
  if (!wait.match) return true;
  expression::Context context;
  context.set(expression::Root::event,
              Value::object({{"body", Value::object({{"n", Value::integer(n)}})}}));
  return wait.match->evaluate(context, {}).value().as_boolean();
}

void judge_steps(const Evidence& evidence, const Case& run) {
  for (const auto& step : run.steps) {
    const auto* definition = run.definition->step(step.key);
    if (!definition) {
      evidence.complain(run, "step '{}' is not in its workflow", step.key);
      continue;
    }
    StepJudge(evidence, run, step, *definition).judge();
  }
}

}  // namespace tba::simulation
