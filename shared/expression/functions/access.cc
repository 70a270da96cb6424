
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "shared/expression/functions.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::expression {
namespace {

/// Where a slice's side cuts something of `size` parts.
std::optional<std::size_t> cut_at(const Value& side, std::size_t size, bool is_end) {
  if (side.is_null()) return is_end ? size : 0;
  if (!side.is_number()) return std::nullopt;
  const auto whole = static_cast<double>(size);
  double at = side.as_number();
  if (at < 0) at += whole;
  at = std::clamp(is_end ? std::ceil(at) : std::floor(at), 0.0, whole);
  return static_cast<std::size_t>(at);
}

/// The byte at which the code point of that number begins.
std::size_t byte_of(std::string_view text, std::size_t code_point) {
  std::size_t at = 0;
  for (; code_point > 0; --code_point) at += std::max<std::size_t>(1, utf8_length_at(text, at));
  return at;
}

}  // namespace

Outcome index(const Value& target, const Value& key) {
  if (key.is_string() && (target.is_object() || target.is_null())) {
    const auto* found = target.find(key.as_string());
    return found == nullptr ? Value() : *found;
  }
  if (key.is_number() && (target.is_array() || target.is_null())) {
    double position = std::floor(key.as_number());
    if (position < 0) position += static_cast<double>(target.size());
    if (position < 0 || position >= static_cast<double>(target.size())) return Value();
    return target.items()[static_cast<std::size_t>(position)];
  }
  if (key.is_null() && target.is_null()) return Value();
  if (key.is_string()) {
    return Failure{fmt::format("Cannot index {} with {}", type_name(target), to_json(key))};
  }
  return Failure{fmt::format("Cannot index {} with {}", type_name(target), type_name(key))};
}

Outcome slice(const Value& target, const Value& from, const Value& to) {
  if (target.is_null()) return Value();
  if (!target.is_array() && !target.is_string()) {
    return Failure{fmt::format("Cannot index {} with object", type_name(target))};
  }
  const auto size = target.is_array() ? target.size() : count_code_points(target.as_string());
  const auto begin = cut_at(from, size, false);
  const auto end = cut_at(to, size, true);
  if (!begin || !end) {
    return Failure{
        fmt::format("Start and end indices of an {} slice must be numbers", type_name(target))};
  }
  const auto count = *end > *begin ? *end - *begin : 0;
  if (target.is_array()) return Value::array(target.items().subspan(*begin, count));
  const auto text = target.as_string();
  const auto first = byte_of(text, *begin);
  return Value::string(text.substr(first, byte_of(text.substr(first), count)));
}

}  // namespace tba::expression
