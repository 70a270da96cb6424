#include "cli/json_fields.h"

#include <nlohmann/json.hpp>

namespace tba::cli {
namespace {

using nlohmann::json;

std::string as_text(const json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string text_of(const json& object, std::string_view key) {
  return as_text(member_of(object, key));
}

std::optional<double> number_of(const json& object, std::string_view key) {
  const json& member = member_of(object, key);
  if (!member.is_number()) return std::nullopt;
  return member.get<double>();
}

const json& member_of(const json& object, std::string_view key) {
  static const json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string joined(const json& list, std::string_view separator) {
  std::string text;
  if (!list.is_array()) return as_text(list);
  for (const json& item : list) {
    if (!text.empty()) text += separator;
    text += as_text(item);
  }
  return text;
}

}  // namespace tba::cli
