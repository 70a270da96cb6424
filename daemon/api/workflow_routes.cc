#include <algorithm>
#include <string>
#include <variant>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/http/problem.h"
#include "shared/duration.h"
#include "shared/schedule.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

Value webhook_view(const WebhookTrigger& webhook) {
  return Value::object({{"kind", Value::string("webhook")},
                        {"path", Value::string("/hooks/" + webhook.path)},
                        {"event", text_view(webhook.event)},
                        {"methods", array_view(webhook.methods, [](const std::string& method) {
                           return Value::string(method);
                         })}});
}

Value schedule_view(const ScheduleTrigger& schedule, Instant now) {
  return Value::object({{"kind", Value::string("schedule")},
                        {"schedule", Value::string(text_of(schedule.schedule))},
                        {"next", time_view(next_after(schedule.schedule, now))}});
}

/// `entry` is how the poll stands; null where it was not taken up yet.
Value poll_view(const PollTrigger& poll, const triggers::Poller::Entry* entry) {
  return Value::object({{"kind", Value::string("poll")},
                        {"call", Value::string(poll.connector + "/" + poll.endpoint)},
                        {"every", Value::string(format_duration(poll.every))},
                        {"last", time_view(entry ? entry->last : std::nullopt)},
                        {"next", time_view(entry ? entry->next : std::nullopt)},
                        {"problem", entry ? text_view(entry->problem) : Value()}});
}

Value event_view(const EventTrigger& event) {
  return Value::object(
      {{"kind", Value::string("event")},
       {"names",
        array_view(event.names, [](const std::string& name) { return Value::string(name); })},
       {"workflow", text_view(event.workflow)}});
}

/// Shows triggers with what is known of them now.
struct TriggerViews {
  Instant now;
  std::vector<triggers::Poller::Entry> polls;

  explicit TriggerViews(const Services& services)
      : now(services.clock.now()), polls(services.poller.entries()) {}

  Value of(const Workflow& workflow, std::size_t index) const {
    const auto& trigger = workflow.triggers[index];
    if (const auto* webhook = std::get_if<WebhookTrigger>(&trigger)) return webhook_view(*webhook);
    if (const auto* schedule = std::get_if<ScheduleTrigger>(&trigger))
      return schedule_view(*schedule, now);
    if (const auto* event = std::get_if<EventTrigger>(&trigger)) return event_view(*event);
    if (const auto* poll = std::get_if<PollTrigger>(&trigger)) {
      const auto entry = std::ranges::find_if(polls, [&](const triggers::Poller::Entry& each) {
        return each.workflow == workflow.name && each.trigger == index;
      });
      return poll_view(*poll, entry == polls.end() ? nullptr : &*entry);
    }
    return Value::object({{"kind", Value::string("manual")}});
  }
};

std::string_view state_of(const daemon::LoadedWorkflow& loaded, const daemon::WorkflowSet& set) {
  const auto& path = loaded.definition->workflow->path;
  if (std::ranges::find(set.broken, path, &daemon::BrokenFile::path) != set.broken.end())
    return "broken";
  return loaded.held.empty() ? "active" : "held";
}

Value summary(const daemon::LoadedWorkflow& loaded, const daemon::WorkflowSet& set,
              const TriggerViews& views) {
  const auto& workflow = *loaded.definition->workflow;
  ArrayBuilder triggers;
  for (std::size_t i = 0; i < workflow.triggers.size(); ++i) triggers.add(views.of(workflow, i));
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
  const TriggerViews views(services);
  co_return json(200, list_view(set->workflows, [&](const auto& entry) {
                   return summary(entry.second, *set, views);
                 }));
}

asio::awaitable<http::Response> show(Services& services, http::Request request) {
  const auto set = services.workflows.current();
  const auto* loaded = set->find(request.parameter("name"));
  if (!loaded) co_return unknown_workflow(*set, request.parameter("name"));
  const auto& workflow = *loaded->definition->workflow;
  const TriggerViews views(services);
  Value view = summary(*loaded, *set, views);
  view = std::move(view).with_member("text", Value::string(workflow.text));
  view = std::move(view).with_member("inputs", array_view(workflow.inputs, input_view));
  view = std::move(view).with_member("steps", array_view(workflow.steps, step_outline));
  view = std::move(view).with_member("on_failure", array_view(workflow.on_failure, step_outline));
  co_return json(200, view);
}

Value problem_view(const Diagnostic& problem) {
  const bool is_error = problem.severity == Diagnostic::Severity::error;
  return Value::object({{"severity", Value::string(is_error ? "error" : "warning")},
                        {"line", Value::integer(problem.position.line)},
                        {"column", Value::integer(problem.position.column)},
                        {"length", Value::integer(static_cast<std::int64_t>(problem.length))},
                        {"message", Value::string(problem.message)},
                        {"hint", Value::string(problem.hint)}});
}

Value checked_view(const CheckedFile& file) {
  return Value::object({{"path", Value::string(file.path)},
                        {"valid", Value::boolean(!file.diagnostics.has_errors())},
                        {"diagnostics", array_view(file.diagnostics.items(), problem_view)}});
}

/// Checks the texts of files without taking them.
asio::awaitable<http::Response> check(Services& services, http::Request request) {
  const auto body = object_body(request, {"files"});
  if (!body) co_return body.error();
  const Value* given = body->find("files");
  if (!given || !given->is_array() || given->size() == 0) {
    co_return http::problem(400, "invalid", "'files' must be a list of {path, text}");
  }
  std::vector<FileText> files;
  for (const auto& each : given->items()) {
    auto path = text_member(each, "path");
    if (!path) co_return http::problem(path.error());
    auto text = text_member(each, "text");
    if (!text) co_return http::problem(text.error());
    files.push_back({std::move(*path), std::move(*text)});
  }
  co_return json(200, list_view(services.workflows.check(std::move(files)), checked_view));
}

}  // namespace

std::vector<http::Route> workflow_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/workflows", list),
      route(services, "GET", "/api/v1/workflows/{name}", show),
      route(services, "POST", "/api/v1/check", check),
  };
}

}  // namespace tba::api
