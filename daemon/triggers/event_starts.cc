#include "daemon/triggers/event_starts.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "daemon/engine/trigger_context.h"
#include "daemon/triggers/start.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::triggers {
namespace {

bool names(const EventTrigger& trigger, std::string_view event) {
  return std::ranges::find(trigger.names, event) != trigger.names.end();
}

Value trigger_of(const storage::Event& event, const Value& data) {
  engine::TriggerContext trigger;
  trigger.kind = "event";
  trigger.at = event.at;
  trigger.body = data;
  trigger.event = Value::string(event.name);
  trigger.delivery_id = Value::string(event.id.text());
  return trigger.as_value();
}

Value data_of(const storage::Run& run) {
  const auto time = [](const std::optional<Instant>& at) {
    return at ? Value::string(format_time(*at)) : Value();
  };
  Value error;
  if (run.failure) {
    error = Value::object(
        {{"kind", Value::string(run.failure->kind)},
         {"message", Value::string(run.failure->message)},
         {"step", run.failure->step.empty() ? Value() : Value::string(run.failure->step)}});
  }
  return Value::object({{"run", Value::string(run.id.text())},
                        {"workflow", Value::string(run.workflow)},
                        {"status", Value::string(name_of(run.status))},
                        {"error", std::move(error)},
                        {"trigger", Value::string(run.trigger_kind)},
                        {"created_at", time(run.created_at)},
                        {"started_at", time(run.started_at)},
                        {"finished_at", time(run.finished_at)}});
}

}  // namespace

std::vector<engine::Start> EventStarts::of(const storage::Event& event, const Value& data,
                                           const Cause& cause) const {
  std::vector<engine::Start> starts;
  const auto set = environment_.workflows.current();
  const auto listeners = set->event_listeners.find(event.name);
  if (listeners == set->event_listeners.end()) return starts;
  const auto context = trigger_of(event, data);
  for (const auto& name : listeners->second) {
    const auto& loaded = *set->find(name);
    const auto& workflow = *loaded.definition->workflow;
    for (const auto& trigger : workflow.triggers) {
      const auto* on_event = std::get_if<EventTrigger>(&trigger);
      if (!on_event || !takes(*on_event, workflow, event, context, cause)) continue;
      if (!loaded.held.empty()) {
        environment_.log.warning(
            "an event starts no run of a workflow that is held",
            {{"event", event.name}, {"workflow", name}, {"why", loaded.held.front()}});
        continue;
      }
      starts.push_back(new_start(loaded.definition, "event", context, environment_.ids));
      starts.back().depth = cause.depth + 1;
    }
  }
  if (starts.empty() || cause.depth < kLongestChain) return starts;
  environment_.log.warning(
      "an event starts nothing: too many runs have led to it, one by the other",
      {{"event", event.name}, {"workflow", cause.workflow}});
  return {};
}

bool EventStarts::takes(const EventTrigger& trigger, const Workflow& workflow,
                        const storage::Event& event, const Value& context,
                        const Cause& cause) const {
  if (!names(trigger, event.name) || workflow.name == cause.workflow) return false;
  if (!trigger.workflow.empty() && trigger.workflow != cause.workflow) return false;
  if (!trigger.match) return true;
  const auto why_not = why_unmatched(
      trigger.match, context_of_trigger(workflow, context, environment_.vars), environment_.budget);
  if (why_not) {
    environment_.log.debug("an event was not taken",
                           {{"event", event.name}, {"workflow", workflow.name}, {"why", *why_not}});
  }
  return !why_not;
}

engine::Consequences EventStarts::after(const storage::Run& run) {
  engine::Consequences consequences;
  const auto name = fmt::format("run.{}", name_of(run.status));
  const bool is_bad = run.status == RunStatus::failed || run.status == RunStatus::interrupted;
  const auto set = environment_.workflows.current();
  if (!is_bad && !set->event_listeners.contains(name)) return consequences;
  const auto data = data_of(run);
  storage::Event event{environment_.ids.next<EventId>(), environment_.clock.now(), name,
                       fmt::format("run {}", run.id.text()), to_json(data)};
  consequences.starts = of(event, data, {run.workflow, run.depth});
  consequences.event = std::move(event);
  return consequences;
}

}  // namespace tba::triggers
