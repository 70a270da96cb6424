#include <algorithm>
#include <string>
#include <variant>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "shared/schedule.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

Value trigger_view(const Trigger& trigger, Instant now) {
  if (const auto* webhook = std::get_if<WebhookTrigger>(&trigger)) {
    return Value::object({{"kind", Value::string("webhook")},
                          {"path", Value::string("/hooks/" + webhook->path)},
                          {"event", text_view(webhook->event)}});
  }
  if (const auto* schedule = std::get_if<ScheduleTrigger>(&trigger)) {
    return Value::object({{"kind", Value::string("schedule")},
                          {"schedule", Value::string(text_of(schedule->schedule))},
                          {"next", time_view(next_after(schedule->schedule, now))}});
  }
  return Value::object({{"kind", Value::string("manual")}});
}

std::string_view state_of(const daemon::LoadedWorkflow& loaded, const daemon::WorkflowSet& set) {
  const auto& path = loaded.definition->workflow->path;
  if (std::ranges::find(set.broken, path, &daemon::BrokenFile::path) != set.broken.end())
    return "broken";
  return loaded.held.empty() ? "active" : "held";
}

Value summary(const daemon::LoadedWorkflow& loaded, const daemon::WorkflowSet& set, Instant now) {
  const auto& workflow = *loaded.definition->workflow;
  ArrayBuilder triggers;
  for (const auto& trigger : workflow.triggers) triggers.add(trigger_view(trigger, now));
  ArrayBuilder reasons;
  for (const auto& reason : loaded.held) reasons.add(Value::string(reason));
  return Value::object({{"name", Value::string(workflow.name)},
                        {"path", Value::string(workflow.path)},
                        {"description", text_view(workflow.description)},
                        {"triggers", std::move(triggers).build()},
                        {"state", Value::string(state_of(loaded, set))},
                        {"reasons", std::move(reasons).build()},
                        {"version", Value::string(hex_text(loaded.definition->hash))}});
}

Value input_view(const Input& input) {
  return Value::object({{"name", Value::string(input.name)},
                        {"type", Value::string(name_of(input.type))},
                        {"required", Value::boolean(!input.default_value)},
                        {"default", input.default_value.value_or(Value())},
                        {"description", text_view(input.description)}});
}

Value step_outline(const Step& step) {
  return Value::object({{"id", Value::string(step.id)},
                        {"kind", Value::string(kind_of(step))},
                        {"title", text_view(step.title)}});
}

asio::awaitable<http::Response> list(Services& services, http::Request) {
  const auto set = services.workflows.current();
  const auto now = services.clock.now();
  co_return json(200, list_view(set->workflows, [&](const auto& entry) {
                   return summary(entry.second, *set, now);
                 }));
}

asio::awaitable<http::Response> show(Services& services, http::Request request) {
  const auto set = services.workflows.current();
  const auto* loaded = set->find(request.parameter("name"));
  if (!loaded) co_return unknown_workflow(*set, request.parameter("name"));
  const auto& workflow = *loaded->definition->workflow;
  Value view = summary(*loaded, *set, services.clock.now());
  view = std::move(view).with_member("text", Value::string(workflow.text));
  view = std::move(view).with_member("inputs", array_view(workflow.inputs, input_view));
  view = std::move(view).with_member("steps", array_view(workflow.steps, step_outline));
  view = std::move(view).with_member("on_failure", array_view(workflow.on_failure, step_outline));
  co_return json(200, view);
}

}  // namespace

std::vector<http::Route> workflow_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/workflows", list),
      route(services, "GET", "/api/v1/workflows/{name}", show),
  };
}

}  // namespace tba::api
