#include "daemon/connectors/file_value.h"

#include <optional>
#include <utility>

#include "daemon/vault/base64.h"

namespace tba::connectors {
namespace {

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message), ""};
}

std::string text_member(const Value& object, std::string_view name, std::string_view otherwise) {
  const auto* member = object.find(name);
  return std::string(member && member->is_string() ? member->as_string() : otherwise);
}

}  // namespace

bool is_file(const Value& value) {
  return value.find("content") != nullptr || value.find("base64") != nullptr;
}

Result<FileValue> file_of(const Value& value, std::string_view filename) {
  FileValue file;
  file.filename = text_member(value, "filename", filename);
  file.content_type = text_member(value, "content_type", "application/octet-stream");
  if (file.content_type.find_first_of("\r\n") != std::string::npos)
    return invalid("has a `content_type` of several lines");
  if (const auto* content = value.find("content")) {
    if (!content->is_string()) return invalid("has a `content` that is no text");
    file.bytes = content->as_string();
    return file;
  }
  auto bytes = bytes_of(value);
  if (!bytes) return bytes.error();
  file.bytes = *std::move(bytes);
  return file;
}

Result<std::string> bytes_of(const Value& object) {
  const auto* encoded = object.find("base64");
  const bool is_text = encoded && encoded->is_string();
  auto bytes = is_text ? vault::from_base64(encoded->as_string()) : std::nullopt;
  if (!bytes) return invalid("holds a `base64` that is none");
  return *std::move(bytes);
}

}  // namespace tba::connectors
