#include "tests/simulation/evidence.h"

#include <algorithm>

#include "shared/value/json.h"

namespace tba::simulation {
namespace {

/// A member of a JSON text; null where there is none.
Value member_of(const std::string& json, std::string_view key) {
  const auto value = json.empty() ? Value() : parse_json(json).value();
  const Value* member = value.find(key);
  return member ? *member : Value();
}

}  // namespace

Value body_of(const storage::Step* step) {
  return step ? member_of(step->result_json, "body") : Value();
}

Value number_in(const Value& body) {
  const Value* number = body.is_object() ? body.find("n") : nullptr;
  return number ? *number : Value();
}

const storage::Step* Case::find(std::string_view key) const {
  const auto found = std::ranges::find(steps, key, &storage::Step::key);
  return found == steps.end() ? nullptr : &*found;
}

const storage::Step* Case::readable(std::string_view id, std::string_view from_key) const {
  while (!from_key.empty()) {
    const auto slash = from_key.rfind('/', from_key.size() - 1);
    from_key = from_key.substr(0, slash == std::string_view::npos ? 0 : slash);
    const auto scope = from_key.empty() ? std::string() : std::string(from_key) + "/";
    if (const auto* step = find(scope + std::string(id))) return step;
  }
  return nullptr;
}

Evidence::Evidence(Observer& all, Journal& notes, const Ledger& done, const Clients& wanting,
                   const People& deciding, const History& past, Definitions workflows)
    : observer(all),
      journal(notes),
      ledger(done),
      clients(wanting),
      people(deciding),
      history(past),
      workflows_(std::move(workflows)) {
  for (const auto& id : observer.runs()) add(id);
}

void Evidence::add(RunId id) {
  Case run;
  run.row = observer.run(id).value();
  run.steps = observer.steps(id);
  auto definition = observer.definition(run.row.version);
  if (!definition) {
    journal.complain("the workflow of run {} cannot be read: {}", id.text(),
                     definition.error().message);
    return;
  }
  run.definition = std::move(*definition);
  if (run.row.delivery) {
    const auto delivery = observer.delivery(*run.row.delivery);
    if (delivery) run.number = number_in(parse_json(delivery->body).value());
  } else {
    run.number = number_in(member_of(run.row.trigger_json, "body"));
  }
  run.input = member_of(run.row.inputs_json, "n");
  if (run.row.parent) sub_runs_[{*run.row.parent, run.row.parent_step}].push_back(id);
  cases_.emplace(id, std::move(run));
}

/// Writes down what is stored of a run, once.
void Evidence::show(const Case& run) const {
  if (!shown_.insert(run.row.id).second) return;
  for (const auto& step : run.steps)
    journal.note("stored: {} of {}: {}, attempt {}, result {}", step.key, run.row.id.text(),
                 name_of(step.status), step.attempt, step.result_json.substr(0, 200));
}

const Case* Evidence::find(RunId run) const {
  const auto found = cases_.find(run);
  return found == cases_.end() ? nullptr : &found->second;
}

const std::vector<RunId>& Evidence::sub_runs(RunId run, const std::string& step) const {
  static const std::vector<RunId> kNone;
  const auto found = sub_runs_.find({run, step});
  return found == sub_runs_.end() ? kNone : found->second;
}

bool Evidence::was_answered(const std::string& workflow, const std::string& step_id,
                            const std::string& result_json) const {
  const auto is_it = [&](const AttemptRecord& record) {
    return record.told == AttemptRecord::Told::success && record.result_json == result_json;
  };
  for (const auto& [run, steps] : ledger.runs()) {
    const auto* of = find(run);
    if (!of || of->row.workflow != workflow) continue;
    for (const auto& [key, attempts] : steps) {
      if (key.substr(key.rfind('/') + 1) == step_id && std::ranges::any_of(attempts, is_it))
        return true;
    }
  }
  return false;
}

}  // namespace tba::simulation
