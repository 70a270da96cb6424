#include "daemon/http/body.h"

#include <simdjson.h>

#include "daemon/http/form.h"
#include "daemon/http/media_type.h"
#include "daemon/http/multipart.h"
#include "daemon/vault/base64.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::http {
namespace {

Value text_value(std::string_view bytes) {
  if (simdjson::validate_utf8(bytes.data(), bytes.size())) return Value::string(bytes);
  return Value::object({{"base64", Value::string(vault::base64(bytes))}});
}

Result<Value> json_value(std::string_view body) {
  auto value = parse_json(body);
  if (!value) return with_context(value.error(), "the body is no JSON");
  return value;
}

Result<Value> fields_value(std::string_view body) {
  const auto fields = parse_form(body);
  if (!fields) return Error{fields.error().code, "the form " + fields.error().message, ""};
  return form_value(*fields);
}

Result<Value> parts_value(const MediaType& type, std::string_view body) {
  const auto parts = parse_multipart(type.parameter("boundary").value_or(""), body);
  if (!parts) return Error{parts.error().code, "the form " + parts.error().message, ""};
  FieldObject object;
  for (const auto& part : *parts) {
    auto content = text_value(part.content);
    if (part.filename) {
      content = Value::object(
          {{"filename", text_value(*part.filename)},
           {"content_type", part.content_type.empty() ? Value() : text_value(part.content_type)},
           {"body", std::move(content)}});
    }
    object.add(repair_utf8(part.name), std::move(content));
  }
  return std::move(object).build();
}

}  // namespace

Result<Value> body_value(std::string_view content_type, std::string_view body) {
  if (body.empty()) return Value();
  const auto type = MediaType::parse(content_type);
  if (type.name.empty() || type.is_json()) return json_value(body);
  if (type.name == "application/x-www-form-urlencoded") return fields_value(body);
  if (type.name == "multipart/form-data") return parts_value(type, body);
  return text_value(body);
}

}  // namespace tba::http
