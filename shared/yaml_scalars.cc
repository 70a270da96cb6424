#include "shared/yaml_scalars.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace tba {
namespace {

using Kind = yaml::Node::Kind;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whether the text has the form of an integer in YAML's core schema, decimal; it may not fit.
bool is_integer_text(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<bool> as_boolean(const yaml::Node& node) {
  if (node.kind != Kind::scalar || node.is_quoted) return std::nullopt;
  if (node.text == "true" || node.text == "True" || node.text == "TRUE") return true;
  if (node.text == "false" || node.text == "False" || node.text == "FALSE") return false;
  return std::nullopt;
}

std::optional<std::int64_t> as_integer(const yaml::Node& node) {
  if (node.kind != Kind::scalar || node.is_quoted || !is_integer_text(node.text)) {
    return std::nullopt;
  }
  return read_number<std::int64_t>(node.text);
}

std::optional<double> as_number(const yaml::Node& node) {
  const bool may_be = node.kind == Kind::scalar && !node.is_quoted && !node.text.empty() &&
                      node.text.find_first_not_of("+-.0123456789eE") == std::string::npos &&
                      std::any_of(node.text.begin(), node.text.end(), is_digit);
  const auto number = may_be ? read_number<double>(node.text) : std::nullopt;
  return number && std::isfinite(*number) ? number : std::nullopt;
}

Value to_value(const yaml::Node& node, Diagnostics& diagnostics) {
  switch (node.kind) {
    case Kind::null:
      return {};
    case Kind::sequence: {
      ArrayBuilder items;
      for (const auto& item : node.items) items.add(to_value(*item, diagnostics));
      return std::move(items).build();
    }
    case Kind::mapping: {
      ObjectBuilder members;
      for (const auto& [key, value] : node.members) {
        members.put(key->text, to_value(*value, diagnostics));
      }
      return std::move(members).build();
    }
    case Kind::scalar:
      break;
  }
  if (const auto boolean = as_boolean(node)) return Value::boolean(*boolean);
  if (const auto integer = as_integer(node)) return Value::integer(*integer);
  if (!node.is_quoted && is_integer_text(node.text)) {
    node.error(diagnostics, fmt::format("{} does not fit an integer of 64 bits", node.text),
               "put it in quotes, as text");
    return {};
  }
  if (const auto number = as_number(node)) return Value::number(*number);
  return Value::string(node.text);
}

}  // namespace tba
