#include "daemon/connectors/parameter_text.h"

#include <fmt/format.h>

#include "shared/value/json.h"

namespace tba::connectors {
namespace {

/// How deep brackets go: servers take no more either.
constexpr int kDeepestBrackets = 32;

bool is_scalar(const Value& value) {
  return !value.is_array() && !value.is_object();
}

Error no_room(const Value& value, std::string_view how) {
  return {ErrorCode::invalid,
          fmt::format("holds an {}, for which there is no room here", type_name(value)),
          std::string(how)};
}

std::string_view separator_of(ParameterStyle style) {
  switch (style) {
    case ParameterStyle::comma:
      return ",";
    case ParameterStyle::space:
      return " ";
    case ParameterStyle::pipe:
      return "|";
    case ParameterStyle::repeat:
    case ParameterStyle::brackets:
    case ParameterStyle::json:
      break;
  }
  return {};
}

/// The items of an array, or the names and values of an object in turn, as one text.
Result<std::string> joined(const Value& value, std::string_view separator) {
  std::string text;
  const auto add = [&](std::string_view part) {
    if (!text.empty()) text += separator;
    text += part;
  };
  for (const auto& item : value.is_array() ? value.items() : std::span<const Value>()) {
    if (!is_scalar(item)) return no_room(item, "");
    add(text_of(item));
  }
  for (const auto& member : value.members()) {
    if (!is_scalar(member.value)) return no_room(member.value, "");
    add(member.name);
    add(text_of(member.value));
  }
  return text;
}

Result<> add_in_brackets(TextFields& fields, const std::string& name, const Value& value,
                         int depth) {
  if (is_scalar(value)) {
    fields.emplace_back(name, text_of(value));
    return {};
  }
  if (depth == kDeepestBrackets)
    return Error{ErrorCode::invalid, fmt::format("is more than {} deep", kDeepestBrackets), ""};
  std::size_t index = 0;
  for (const auto& item : value.is_array() ? value.items() : std::span<const Value>()) {
    const auto inner =
        is_scalar(item) ? fmt::format("{}[]", name) : fmt::format("{}[{}]", name, index);
    if (auto added = add_in_brackets(fields, inner, item, depth + 1); !added) return added;
    ++index;
  }
  for (const auto& member : value.members()) {
    auto added =
        add_in_brackets(fields, fmt::format("{}[{}]", name, member.name), member.value, depth + 1);
    if (!added) return added;
  }
  return {};
}

}  // namespace

std::string text_of(const Value& scalar) {
  return scalar.is_string() ? std::string(scalar.as_string()) : to_json(scalar);
}

Result<std::string> text_of(const Value& value, ParameterStyle style) {
  if (style == ParameterStyle::json) return to_json(value);
  if (is_scalar(value)) return text_of(value);
  const auto separator = separator_of(style);
  if (separator.empty()) return no_room(value, "the connector may say `style: comma` or `json`");
  return joined(value, separator);
}

Result<> add_fields(TextFields& fields, std::string_view name, const Value& value,
                    ParameterStyle style) {
  if (style == ParameterStyle::brackets)
    return add_in_brackets(fields, std::string(name), value, 0);
  if (style == ParameterStyle::repeat && value.is_array()) {
    for (const auto& item : value.items()) {
      if (!is_scalar(item)) return no_room(item, "the connector may say `style: brackets`");
      fields.emplace_back(name, text_of(item));
    }
    return {};
  }
  auto text = text_of(value, style);
  if (!text) return text.error();
  fields.emplace_back(name, std::move(*text));
  return {};
}

}  // namespace tba::connectors
