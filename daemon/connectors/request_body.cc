#include "daemon/connectors/request_body.h"

#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sodium.h>

#include "daemon/connectors/file_value.h"
#include "daemon/connectors/parameter_text.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::connectors {
namespace {

Error parameter_error(std::string_view name, std::string_view problem, std::string hint = {}) {
  return {ErrorCode::invalid, fmt::format("parameter '{}' {}", name, problem), std::move(hint)};
}

Error parameter_error(std::string_view name, const Error& problem) {
  return parameter_error(name, problem.message, problem.hint);
}

RequestBody json_body(const BodyParts& parts) {
  if (parts.whole) return {to_json(*parts.whole), "application/json"};
  ObjectBuilder object;
  for (const auto& [parameter, value] : parts.fields) object.put(parameter->sent_as, value);
  return {to_json(std::move(object).build()), "application/json"};
}

Result<RequestBody> form_body(const BodyParts& parts) {
  TextFields fields;
  for (const auto& [parameter, value] : parts.fields) {
    if (auto added = add_fields(fields, parameter->sent_as, value, parameter->style); !added)
      return parameter_error(parameter->name, added.error());
  }
  if (parts.whole) {
    for (const auto& member : parts.whole->members()) {
      auto added = add_fields(fields, member.name, member.value, ParameterStyle::brackets);
      if (!added) return parameter_error(member.name, added.error());
    }
  }
  return RequestBody{form_encode(fields), "application/x-www-form-urlencoded"};
}

/// A name within a header of a part, as the HTML standard's form encoding has it.
std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') {
      text += "%22";
    } else if (c == '\r') {
      text += "%0D";
    } else if (c == '\n') {
      text += "%0A";
    } else {
      text += c;
    }
  }
  return text + '"';
}

struct Part {
  std::string name;
  std::optional<std::string> filename;
  std::string content_type;  // or empty
  std::string content;

  std::string head() const {
    auto text = fmt::format("Content-Disposition: form-data; name={}", quoted(name));
    if (filename) text += "; filename=" + quoted(*filename);
    if (!content_type.empty()) text += "\r\nContent-Type: " + content_type;
    return text + "\r\n\r\n";
  }
};

Result<Part> file_part(const Parameter& parameter, const Value& value) {
  auto file = file_of(value, parameter.sent_as);
  if (!file) return parameter_error(parameter.name, file.error());
  return Part{parameter.sent_as, std::move(file->filename), std::move(file->content_type),
              std::move(file->bytes)};
}

Result<Part> part_of(const Parameter& parameter, const Value& value) {
  if (is_file(value)) return file_part(parameter, value);
  if (value.is_object() || value.is_array())
    return Part{parameter.sent_as, std::nullopt, "application/json", to_json(value)};
  return Part{parameter.sent_as, std::nullopt, "", text_of(value)};
}

/// A line that stands nowhere in the parts: a digest of them.
std::string boundary_of(const std::vector<Part>& parts) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, crypto_generichash_BYTES);
  for (const auto& part : parts) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.content.data()),
                              part.content.size());
  }
  std::array<unsigned char, crypto_generichash_BYTES> digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  return fmt::format("tba-{:02x}", fmt::join(digest, ""));
}

Result<RequestBody> multipart_body(const BodyParts& given) {
  std::vector<Part> parts;
  for (const auto& [parameter, value] : given.fields) {
    for (const auto& item : value.is_array() ? value.items() : std::span(&value, 1)) {
      auto part = part_of(*parameter, item);
      if (!part) return part.error();
      parts.push_back(std::move(*part));
    }
  }
  const auto boundary = boundary_of(parts);
  std::string bytes;
  for (const auto& part : parts)
    bytes.append("--")
        .append(boundary)
        .append("\r\n")
        .append(part.head())
        .append(part.content)
        .append("\r\n");
  bytes.append("--").append(boundary).append("--\r\n");
  return RequestBody{std::move(bytes), "multipart/form-data; boundary=" + boundary};
}

Result<RequestBody> raw_body(const BodyParts& parts) {
  const auto& whole = *parts.whole;
  if (whole.is_string())
    return RequestBody{std::string(whole.as_string()), "text/plain; charset=utf-8"};
  if (!whole.is_object() || !whole.find("base64")) {
    return Error{ErrorCode::invalid,
                 fmt::format("the body must be a text, not of type {}", type_name(whole)),
                 "an object with `base64` gives its bytes"};
  }
  auto bytes = bytes_of(whole);
  if (!bytes) return parameter_error("base64", bytes.error());
  return RequestBody{std::move(*bytes), "application/octet-stream"};
}

}  // namespace

Result<RequestBody> body_of(BodyFormat format, const BodyParts& parts) {
  switch (format) {
    case BodyFormat::json:
      return json_body(parts);
    case BodyFormat::form:
      return form_body(parts);
    case BodyFormat::multipart:
      return multipart_body(parts);
    case BodyFormat::raw:
      return raw_body(parts);
  }
  return json_body(parts);
}

}  // namespace tba::connectors
