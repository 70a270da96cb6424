#include "daemon/connectors/webhook_reading.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/connectors/answer_program.h"
#include "shared/lower_case.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::connectors {
namespace {

constexpr std::size_t kLongestEvent = 200;

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message), ""};
}

/// Whether a header of that lower-case name proves who is calling.
bool is_secret(const WebhookScheme* scheme, std::string_view name) {
  if (name == "authorization" || name == "proxy-authorization" || name == "cookie") return true;
  constexpr std::array<std::string_view, 5> kWords = {"signature", "token", "secret", "api-key",
                                                      "apikey"};
  if (std::ranges::any_of(kWords,
                          [&](auto word) { return name.find(word) != std::string_view::npos; }))
    return true;
  return scheme && std::ranges::any_of(scheme->verifications, [&](const auto& verification) {
           return equal_ignoring_case(name, verification.header);
         });
}

/// The name of the event without what refines it.
Result<std::string> main_event(const WebhookScheme& scheme, const Inbound& inbound) {
  if (!scheme.event.body) {
    const auto name = find_header(inbound.headers, scheme.event.header);
    if (name && !name->empty()) return std::string(*name);
    return invalid(fmt::format("the header {} is missing", scheme.event.header));
  }
  const auto name = evaluate(*scheme.event.body, as_value(scheme, inbound));
  if (!name) return invalid("the event's name cannot be evaluated: " + name.error().message);
  if (name->is_null()) return std::string();
  if (!name->is_string()) return invalid("the event's name is no text");
  return std::string(name->as_string());
}

}  // namespace

Value as_value(const WebhookScheme& scheme, const Inbound& inbound) {
  return Value::object({{"method", Value::string(inbound.method)},
                        {"query", inbound.query},
                        {"headers", kept_headers(&scheme, inbound.headers)},
                        {"body", inbound.body}});
}

Result<std::optional<Value>> unwrapped_body(const WebhookScheme& scheme, const Inbound& inbound) {
  if (!scheme.body) return std::optional<Value>();
  auto body = evaluate(*scheme.body, as_value(scheme, inbound));
  if (!body)
    return invalid("what the body stands for cannot be evaluated: " + body.error().message);
  return body->is_null() ? std::nullopt : std::optional(*std::move(body));
}

std::optional<int> bare_status(const WebhookScheme& scheme, const Inbound& inbound) {
  constexpr int kAccepted = 202;
  if (!scheme.accepted_by) {
    return scheme.accepted_status == kAccepted ? std::nullopt
                                               : std::optional(scheme.accepted_status);
  }
  const auto status = value_or_null(scheme.accepted_by, as_value(scheme, inbound));
  const bool is_status =
      status.is_integer() && status.as_integer() >= 200 && status.as_integer() < 300;
  return is_status ? static_cast<int>(status.as_integer()) : kAccepted;
}

Result<std::string> webhook_event(const WebhookScheme& scheme, const Inbound& inbound) {
  if (!scheme.event.is_known()) return std::string();
  auto event = main_event(scheme, inbound);
  if (!event) return event;
  const auto* member = scheme.action_key.empty() ? nullptr : inbound.body.find(scheme.action_key);
  const auto action = member && member->is_string() ? member->as_string() : std::string_view();
  if (event->size() + (action.empty() ? 0 : 1 + action.size()) > kLongestEvent)
    return invalid(fmt::format("the event's name is longer than {} bytes", kLongestEvent));
  if (!action.empty()) event->append(".").append(action);
  return event;
}

std::string delivery_id(const WebhookScheme& scheme, const Inbound& inbound) {
  const auto& source = scheme.delivery_id;
  if (!source.is_known()) return {};
  if (!source.body) return std::string(find_header(inbound.headers, source.header).value_or(""));
  const auto id = evaluate(*source.body, as_value(scheme, inbound));
  if (!id) return {};
  if (id->is_string()) return std::string(id->as_string());
  return id->is_number() ? to_json(*id) : std::string();
}

Value kept_headers(const WebhookScheme* scheme, Headers headers) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& [name, value] : headers) {
    auto lower = lower_case(name);
    if (is_secret(scheme, lower)) continue;
    const auto same = std::ranges::find(kept, lower, &std::pair<std::string, std::string>::first);
    if (same == kept.end()) {
      kept.emplace_back(std::move(lower), value);
    } else {
      same->second.append(", ").append(value);
    }
  }
  ObjectBuilder object;
  for (const auto& [name, value] : kept) object.put(name, Value::string(value));
  return std::move(object).build();
}

}  // namespace tba::connectors
