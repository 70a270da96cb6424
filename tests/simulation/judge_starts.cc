#include <algorithm>
#include <set>

#include "daemon/triggers/event_starts.h"
#include "shared/schedule.h"
#include "shared/time_format.h"
#include "shared/value/json.h"
#include "tests/simulation/judges.h"

namespace tba::simulation {
namespace {

using namespace std::chrono_literals;

/// A slot that a daemon saw coming, and lived on that long after, has its run.
constexpr Duration kToFire = 10s;

/// How many runs something has started, by workflow and what it is.
using Counts = std::map<std::pair<std::string, std::string>, int>;

Value trigger_of(const Case& run) {
  return run.row.trigger_json.empty() ? Value() : parse_json(run.row.trigger_json).value();
}

Counts count_by(const Evidence& evidence, std::string_view kind, std::string_view member) {
  Counts counts;
  for (const auto& [id, run] : evidence.cases()) {
    if (run.row.trigger_kind != kind) continue;
    const auto trigger = trigger_of(run);
    ++counts[{run.row.workflow, std::string(trigger.find(member)->as_string())}];
  }
  return counts;
}

// --- schedules

bool was_seen(const History& history, Instant slot) {
  if (history.disk_failed || history.clock_was_set) return false;
  return std::ranges::any_of(history.lives, [&](const History::Life& life) {
    return life.ready_at < slot && life.gone_at.value_or(Instant::max()) > slot + kToFire;
  });
}

void judge_schedule(const Evidence& evidence, const Workflow& workflow,
                    const ScheduleTrigger& trigger, const Counts& counts) {
  const auto marks = evidence.observer.schedules();
  const auto mark = std::ranges::find(marks, schedule_key(workflow.name, trigger.schedule),
                                      &storage::ScheduleMark::schedule);
  const auto& history = evidence.history;
  if (!history.schedules_end_at) return;
  if (mark == marks.end()) {
    if (!history.disk_failed)
      evidence.journal.complain("the schedule of {} is forgotten", workflow.name);
    return;
  }
  std::optional<Instant> last;
  auto slot = next_after(trigger.schedule, mark->seen_at);
  for (; slot && *slot + kToFire < *history.schedules_end_at;
       slot = next_after(trigger.schedule, *slot)) {
    const bool must_fire = trigger.catch_up == CatchUp::all || was_seen(history, *slot);
    if (must_fire && !counts.contains({workflow.name, format_time(*slot)}))
      evidence.journal.complain("slot {} of {} has no run", format_time(*slot), workflow.name);
    last = slot;
  }
  if (last && trigger.catch_up == CatchUp::latest && !history.clock_was_put_back &&
      !counts.contains({workflow.name, format_time(*last)}))
    evidence.journal.complain("the latest slot {} of {} was not made up for", format_time(*last),
                              workflow.name);
}

// --- events

void judge_event(const Evidence& evidence, const storage::Event& event, const Counts& counts) {
  for (const auto& [name, definition] : evidence.workflows()) {
    const auto& triggers = definition->workflow->triggers;
    const auto listens = std::ranges::count_if(triggers, [&](const Trigger& trigger) {
      const auto* on_event = std::get_if<EventTrigger>(&trigger);
      return on_event && std::ranges::find(on_event->names, event.name) != on_event->names.end();
    });
    const auto found = counts.find({name, event.id.text()});
    const auto count = found == counts.end() ? 0 : found->second;
    const auto data = parse_json(event.data_json).value();
    const Value* cause = data.find("workflow");
    const bool is_own = cause && cause->as_string() == name;
    const auto* run = cause ? evidence.find(*RunId::parse(data.find("run")->as_string())) : nullptr;
    const bool is_last = run && run->row.depth >= triggers::EventStarts::kLongestChain;
    const auto expected = is_own || is_last ? 0 : listens;
    if (count != expected)
      evidence.journal.complain("event {} ({}) has started {} runs of {}, not {}", event.id.text(),
                                event.name, count, name, expected);
  }
}

/// Each end that is to be told of was, once.
void judge_ends(const Evidence& evidence, const std::vector<storage::Event>& events) {
  std::map<std::string, int> told;
  for (const auto& event : events) {
    if (event.name != "run.failed") continue;
    const auto data = parse_json(event.data_json).value();
    ++told[std::string(data.find("run")->as_string())];
  }
  for (const auto& [id, run] : evidence.cases()) {
    const auto expected = run.row.status == RunStatus::failed ? 1 : 0;
    if (told[id.text()] != expected)
      evidence.complain(run, "its failure was told of {} times", told[id.text()]);
  }
}

}  // namespace

void judge_starts(const Evidence& evidence) {
  const auto slots = count_by(evidence, "schedule", "at");
  for (const auto& [slot, count] : slots) {
    if (count > 1)
      evidence.journal.complain("slot {} of {} has {} runs", slot.second, slot.first, count);
  }
  for (const auto& [name, definition] : evidence.workflows()) {
    for (const auto& trigger : definition->workflow->triggers) {
      if (const auto* schedule = std::get_if<ScheduleTrigger>(&trigger))
        judge_schedule(evidence, *definition->workflow, *schedule, slots);
    }
  }
  const auto events = evidence.observer.events();
  const auto started = count_by(evidence, "event", "delivery_id");
  for (const auto& event : events) judge_event(evidence, event, started);
  judge_ends(evidence, events);
  for (const auto& [serial, emission] : evidence.people.emissions()) {
    if (!emission.acknowledged_at) continue;
    if (std::ranges::find(events, *emission.id, &storage::Event::id) == events.end())
      evidence.journal.complain("the acknowledged event {} is lost", serial);
  }
}

}  // namespace tba::simulation
