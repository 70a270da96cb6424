#include "cli/json_fields.h"

#include <nlohmann/json.hpp>

namespace tba::cli {
namespace {

std::string as_text(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string text_of(const Json& object, std::string_view key) {
  return as_text(member_of(object, key));
}

std::optional<double> number_of(const Json& object, std::string_view key) {
  const Json& member = member_of(object, key);
  if (!member.is_number()) return std::nullopt;
  return member.get<double>();
}

const Json& member_of(const Json& object, std::string_view key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string joined(const Json& list, std::string_view separator) {
  std::string text;
  if (!list.is_array()) return as_text(list);
  for (const Json& item : list) {
    if (!text.empty()) text += separator;
    text += as_text(item);
  }
  return text;
}

}  // namespace tba::cli
