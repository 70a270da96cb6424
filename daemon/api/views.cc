#include "daemon/api/views.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "daemon/engine/trigger_context.h"
#include "daemon/http/problem.h"
#include "shared/run.h"
#include "shared/suggestion.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::api {
namespace {

constexpr std::size_t kLargestPage = 200;

Value duration_view(const std::optional<Instant>& from, const std::optional<Instant>& to) {
  if (!from || !to) return {};
  return Value::integer(std::chrono::duration_cast<std::chrono::milliseconds>(*to - *from).count());
}

Value failure_view(const std::optional<storage::Failure>& failure) {
  if (!failure) return {};
  return Value::object({{"kind", Value::string(failure->kind)},
                        {"message", Value::string(failure->message)},
                        {"step", text_view(failure->step)}});
}

Value trigger_view(const storage::Run& run, const std::optional<storage::Delivery>& delivery) {
  if (!delivery) return json_view(run.trigger_json);
  const auto body = engine::body_of(*delivery);
  return engine::trigger_value(*delivery, body ? *body : Value());
}

template <class Id>
Value id_view(const std::optional<Id>& id) {
  return id ? Value::string(id->text()) : Value();
}

}  // namespace

Value time_view(const std::optional<Instant>& time) {
  return time ? Value::string(format_time(*time)) : Value();
}

std::string hex_text(const storage::VersionHash& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : hash) {
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text;
}

Value text_view(std::string_view text) {
  return text.empty() ? Value() : Value::string(text);
}

Value json_view(std::string_view stored) {
  auto value = parse_json(stored);
  return value ? std::move(*value) : Value();
}

Value run_summary(const storage::Run& run) {
  return Value::object({{"id", Value::string(run.id.text())},
                        {"workflow", Value::string(run.workflow)},
                        {"status", Value::string(name_of(run.status))},
                        {"trigger", Value::string(run.trigger_kind)},
                        {"created_at", time_view(run.created_at)},
                        {"started_at", time_view(run.started_at)},
                        {"finished_at", time_view(run.finished_at)},
                        {"duration_ms", duration_view(run.started_at, run.finished_at)},
                        {"wake_at", time_view(run.wake_at)},
                        {"failure", failure_view(run.failure)}});
}

Value run_view(const storage::Run& run, const std::vector<storage::Step>& steps,
               const std::optional<storage::Delivery>& delivery,
               const engine::Definition* definition) {
  ArrayBuilder step_views;
  for (const auto& step : steps) step_views.add(step_view(step, definition));
  Value view = run_summary(run);
  view = std::move(view).with_member("inputs", json_view(run.inputs_json));
  view = std::move(view).with_member("trigger_context", trigger_view(run, delivery));
  view = std::move(view).with_member("delivery", id_view(run.delivery));
  view = std::move(view).with_member("parent", id_view(run.parent));
  view = std::move(view).with_member("retry_of", id_view(run.retry_of));
  view = std::move(view).with_member("output", json_view(run.output_json));
  view = std::move(view).with_member("version", Value::string(hex_text(run.version)));
  view = std::move(view).with_member("cancel_requested", Value::boolean(run.cancel_requested));
  return std::move(view).with_member("steps", std::move(step_views).build());
}

Value step_view(const storage::Step& step, const engine::Definition* definition) {
  const Step* written = definition ? definition->step(step.key) : nullptr;
  return Value::object({{"id", Value::string(step.key)},
                        {"kind", written ? Value::string(kind_of(*written)) : Value()},
                        {"title", written ? text_view(written->title) : Value()},
                        {"status", Value::string(name_of(step.status))},
                        {"attempt", Value::integer(step.attempt)},
                        {"effect", Value::string(name_of(step.effect))},
                        {"started_at", time_view(step.started_at)},
                        {"finished_at", time_view(step.finished_at)},
                        {"duration_ms", duration_view(step.started_at, step.finished_at)},
                        {"due_at", time_view(step.due_at)},
                        {"result", json_view(step.result_json)},
                        {"failure", failure_view(step.failure)}});
}

Value log_view(const storage::LogLine& line) {
  return Value::object({{"sequence", line.sequence > 0 ? Value::integer(line.sequence) : Value()},
                        {"at", time_view(line.at)},
                        {"step", text_view(line.step)},
                        {"stream", Value::string(line.stream)},
                        {"text", Value::string(line.text)}});
}

Value delivery_view(const storage::Delivery& delivery, const std::vector<storage::Run>& runs) {
  const bool is_replayed = std::ranges::any_of(
      runs, [](const storage::Run& run) { return run.trigger_kind == "replay"; });
  const auto* status =
      is_replayed ? "replayed" : (delivery.unmatched.empty() ? "matched" : "unmatched");
  return Value::object({{"id", Value::string(delivery.id.text())},
                        {"received_at", time_view(delivery.received_at)},
                        {"workflow", Value::string(delivery.workflow)},
                        {"method", text_view(delivery.method)},
                        {"path", Value::string(delivery.path)},
                        {"connector", text_view(delivery.connector)},
                        {"event", text_view(delivery.event)},
                        {"sender_id", text_view(delivery.sender_id)},
                        {"status", Value::string(status)},
                        {"reason", text_view(delivery.unmatched)},
                        {"runs", array_view(runs, [](const storage::Run& run) {
                           return Value::string(run.id.text());
                         })}});
}

Value rejection_view(const storage::Rejection& rejection) {
  return Value::object({{"at", time_view(rejection.at)},
                        {"path", Value::string(rejection.path)},
                        {"peer", Value::string(rejection.peer)},
                        {"status", Value::integer(rejection.status)},
                        {"reason", Value::string(rejection.reason)}});
}

Value endpoint_view(const Endpoint& endpoint) {
  const bool is_request = !endpoint.method.empty();  // and neither a plugin's nor a mail server's
  ArrayBuilder parameters;
  for (const auto& parameter : endpoint.parameters) {
    parameters.add(
        Value::object({{"name", Value::string(parameter.name)},
                       {"in", is_request ? Value::string(name_of(parameter.place)) : Value()},
                       {"type", Value::string(name_of(parameter.type()))},
                       {"shape", notation(parameter.shape)},
                       {"required", Value::boolean(parameter.required)},
                       {"default", parameter.default_value.value_or(Value())},
                       {"description", text_view(parameter.description)}}));
  }
  return Value::object({{"id", Value::string(endpoint.id)},
                        {"title", text_view(endpoint.title)},
                        {"method", text_view(endpoint.method)},
                        {"path", text_view(endpoint.path)},
                        {"parameters", std::move(parameters).build()},
                        {"response", notation(endpoint.response)}});
}

Value plugin_view(const PluginProgram& program, const plugins::PluginState& state) {
  return Value::object({{"version", Value::string(program.version)},
                        {"state", Value::string(state.state)},
                        {"calls", Value::integer(static_cast<std::int64_t>(state.calls))},
                        {"problem", text_view(state.problem)},
                        {"next_start", time_view(state.next_start)}});
}

http::Response unknown_workflow(const daemon::WorkflowSet& set, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [each, loaded] : set.workflows) known.push_back(each);
  return http::problem(404, "not_found",
                       "there is no workflow '" + name + "'" + did_you_mean(name, known),
                       "`workflow list` shows which there are; `daemon reload` takes new files");
}

http::Response json(int status, const Value& value) {
  return http::json_response(status, to_json(value));
}

Result<std::size_t> limit_of(const http::Request& request, std::size_t standard,
                             std::size_t largest) {
  const auto text = request.query_value("limit");
  if (!text) return standard;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > largest) {
    return Error{ErrorCode::invalid, "`limit` is no number from 1 to " + std::to_string(largest),
                 ""};
  }
  return limit;
}

Result<storage::PageRequest> page_request(const http::Request& request) {
  storage::PageRequest page;
  const auto limit = limit_of(request, page.limit, kLargestPage);
  if (!limit) return limit.error();
  page.limit = *limit;
  if (const auto cursor = request.query_value("cursor")) page.cursor = *cursor;
  return page;
}

boost::system::result<Value, http::Response> object_body(const http::Request& request,
                                                         const std::vector<std::string>& known) {
  if (request.body.empty()) return Value::object({});
  auto body = parse_json(request.body);
  if (!body) return http::problem(400, "not_json", "the body is no JSON: " + body.error().message);
  if (!body->is_object()) return http::problem(400, "invalid", "the body is no JSON object");
  for (const auto& member : body->members()) {
    if (std::ranges::find(known, member.name) != known.end()) continue;
    return http::problem(400, "invalid",
                         "the body has an unknown member '" + std::string(member.name) + "'" +
                             did_you_mean(member.name, known));
  }
  return std::move(*body);
}

Result<std::string> text_member(const Value& object, std::string_view name) {
  const Value* member = object.find(name);
  if (!member || member->is_null()) return std::string();
  if (!member->is_string())
    return Error{ErrorCode::invalid, fmt::format("`{}` is no text", name), ""};
  return std::string(member->as_string());
}

}  // namespace tba::api
