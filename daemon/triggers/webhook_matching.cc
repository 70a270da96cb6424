#include "daemon/triggers/webhook_matching.h"

#include <fmt/format.h>

#include "daemon/engine/trigger_context.h"
#include "daemon/triggers/start.h"

namespace tba::triggers {
namespace {

/// Whether a trigger that asks for `wanted` takes `event`: all events, that one, or every action of
/// that one.
bool takes(std::string_view wanted, std::string_view event) {
  if (wanted.empty() || wanted == event) return true;
  return event.starts_with(wanted) && event.size() > wanted.size() && event[wanted.size()] == '.';
}

std::string other_event(const WebhookTrigger& trigger, const storage::Delivery& delivery) {
  return fmt::format("the event is '{}', not '{}'", delivery.event, trigger.event);
}

}  // namespace

WebhookMatch WebhookMatching::operator()(
    const std::shared_ptr<const engine::Definition>& definition,
    const std::vector<const WebhookTrigger*>& triggers, const storage::Delivery& delivery,
    const Value& body) const {
  const auto trigger_context = engine::trigger_value(delivery, body);
  const auto context = context_of_trigger(*definition->workflow, trigger_context, vars);
  WebhookMatch match;
  for (const auto* trigger : triggers) {
    const auto why_not = takes(trigger->event, delivery.event)
                             ? why_unmatched(trigger->match, context, budget)
                             : other_event(*trigger, delivery);
    if (why_not) {
      match.unmatched += (match.unmatched.empty() ? "" : "; ") + *why_not;
      continue;
    }
    if (trigger->respond == WebhookTrigger::Respond::result && !match.responding) {
      match.responding = match.starts.size();
      match.respond_within = trigger->respond_within;
    }
    match.starts.push_back(new_start(definition, "webhook", trigger_context, ids));
    match.starts.back().delivery = delivery.id;
  }
  if (!match.starts.empty()) match.unmatched.clear();
  return match;
}

std::vector<const WebhookTrigger*> webhooks_of(const Workflow& workflow, const std::string* path) {
  std::vector<const WebhookTrigger*> triggers;
  for (const auto& trigger : workflow.triggers) {
    const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
    if (webhook && (!path || webhook->path == *path)) triggers.push_back(webhook);
  }
  return triggers;
}

}  // namespace tba::triggers
