#include "daemon/engine/trigger_context.h"

#include "daemon/http/body.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

namespace tba::engine {
namespace {

Value text_or_null(std::string_view text) {
  return text.empty() ? Value() : Value::string(text);
}

Value json_or_null(std::string_view text) {
  auto value = parse_json(text);
  return value ? std::move(*value) : Value();
}

}  // namespace

Value TriggerContext::as_value() const {
  return Value::object({{"kind", Value::string(kind)},
                        {"name", name},
                        {"at", Value::string(format_time(at))},
                        {"body", body},
                        {"headers", headers},
                        {"query", query},
                        {"path", path},
                        {"method", method},
                        {"event", event},
                        {"delivery_id", delivery_id},
                        {"cursor", cursor}});
}

Value plain_trigger(std::string_view kind, Value name, Instant at) {
  TriggerContext trigger;
  trigger.kind = kind;
  trigger.at = at;
  trigger.name = std::move(name);
  return trigger.as_value();
}

Result<Value> body_of(const storage::Delivery& delivery) {
  const auto headers = json_or_null(delivery.headers_json);
  const Value* type = headers.find("content-type");
  return http::body_value(type && type->is_string() ? type->as_string() : "", delivery.body);
}

Value trigger_value(const storage::Delivery& delivery, const Value& body) {
  TriggerContext trigger;
  trigger.kind = "webhook";
  trigger.at = delivery.received_at;
  trigger.name = text_or_null(delivery.connector);
  trigger.body = body;
  trigger.headers = json_or_null(delivery.headers_json);
  trigger.query = json_or_null(delivery.query_json);
  trigger.path = Value::string(delivery.path);
  trigger.method = text_or_null(delivery.method);
  trigger.event = text_or_null(delivery.event);
  trigger.delivery_id = text_or_null(delivery.sender_id);
  return trigger.as_value();
}

}  // namespace tba::engine
