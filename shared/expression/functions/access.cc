#include "shared/expression/functions/access.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "shared/value/utf8.h"

namespace tba::expression {
namespace detail {
namespace {

/// Where one side of a slice cuts something of `size` parts, before the sides are put in order.
std::optional<std::size_t> side_at(const Value& side, std::size_t size, bool is_end) {
  if (side.is_null() || is_nan(side)) return is_end ? size : 0;
  if (!side.is_number()) return std::nullopt;
  const auto whole = static_cast<double>(size);
  double at = side.as_number();
  if (at < 0) at += whole;
  at = std::clamp(is_end ? std::ceil(at) : std::floor(at), 0.0, whole);
  return static_cast<std::size_t>(at);
}

/// For each number of items of `wanted`, how many at its beginning are also the last of these: how
/// far a search that fails there needs not begin anew (Knuth, Morris and Pratt).
std::vector<std::size_t> borders_of(std::span<const Value> wanted) {
  std::vector<std::size_t> borders(wanted.size() + 1, 0);
  for (std::size_t i = 1, matched = 0; i < wanted.size(); ++i) {
    while (matched > 0 && !(wanted[i] == wanted[matched])) matched = borders[matched];
    if (wanted[i] == wanted[matched]) ++matched;
    borders[i + 1] = matched;
  }
  return borders;
}

}  // namespace

std::optional<Cut> cut_at(const Value& from, const Value& to, std::size_t size) {
  const auto begin = side_at(from, size, false);
  const auto end = side_at(to, size, true);
  if (!begin || !end) return std::nullopt;
  return Cut{*begin, std::max(*begin, *end)};
}

std::optional<Cut> cut_at(const Value& key, std::size_t size) {
  const auto* from = key.find("start");
  const auto* to = key.find("end");
  if (from == nullptr || to == nullptr) return std::nullopt;
  return cut_at(*from, *to, size);
}

Failure no_slice(const Value& target) {
  return {fmt::format("Start and end indices of an {} slice must be numbers", type_name(target))};
}

std::int64_t truncated(const Value& number) {
  if (number.is_integer()) return number.as_integer();
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  const double value = number.as_number();
  if (std::isnan(value)) return 0;
  if (value >= kBeyond) return std::numeric_limits<std::int64_t>::max();
  if (value < -kBeyond) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

bool is_nan(const Value& value) {
  return value.kind() == Value::Kind::number && std::isnan(value.as_number());
}

std::int64_t position_of(const Value& number, std::size_t size) {
  const auto position = truncated(number);
  return position < 0 ? position + static_cast<std::int64_t>(size) : position;
}

Value positions_of(const Value& wanted, const Value& array) {
  ArrayBuilder positions;
  const auto pattern = wanted.items();
  if (pattern.empty()) return std::move(positions).build();
  const auto borders = borders_of(pattern);
  const auto items = array.items();
  for (std::size_t i = 0, matched = 0; i < items.size(); ++i) {
    while (matched > 0 && (matched == pattern.size() || !(items[i] == pattern[matched]))) {
      matched = borders[matched];
    }
    if (items[i] == pattern[matched]) ++matched;
    if (matched == pattern.size()) {
      positions.add(Value::integer(static_cast<std::int64_t>(i + 1 - matched)));
    }
    if (matched == pattern.size()) matched = borders[matched];
  }
  return std::move(positions).build();
}

}  // namespace detail

namespace {

/// The byte at which the code point of that number begins.
std::size_t byte_of(std::string_view text, std::size_t code_point) {
  std::size_t at = 0;
  for (; code_point > 0; --code_point) at += std::max<std::size_t>(1, utf8_length_at(text, at));
  return at;
}

Value part_of(const Value& target, const detail::Cut& cut) {
  const auto count = cut.end - cut.begin;
  if (target.is_array()) {
    return count == target.size() ? target : Value::array(target.items().subspan(cut.begin, count));
  }
  const auto text = target.as_string();
  const auto first = byte_of(text, cut.begin);
  return Value::string(text.substr(first, byte_of(text.substr(first), count)));
}

std::size_t parts_in(const Value& target) {
  return target.is_array() ? target.size() : count_code_points(target.as_string());
}

Failure cannot_index(const Value& target, const Value& key) {
  if (key.is_string()) {
    return {fmt::format("Cannot index {} with string \"{}\"", type_name(target), key.as_string())};
  }
  return {fmt::format("Cannot index {} with {}", type_name(target), type_name(key))};
}

}  // namespace

Outcome index(const Value& target, const Value& key) {
  if (key.is_string() && (target.is_object() || target.is_null())) {
    const auto* found = target.find(key.as_string());
    return found == nullptr ? Value() : *found;
  }
  if (key.is_number() && (target.is_array() || target.is_null())) {
    const auto position = detail::position_of(key, target.size());
    const bool is_there = position >= 0 && static_cast<std::uint64_t>(position) < target.size() &&
                          !detail::is_nan(key);
    return is_there ? target.items()[static_cast<std::size_t>(position)] : Value();
  }
  if (target.is_null() && key.is_object()) return Value();
  if (key.is_object() && (target.is_array() || target.is_string())) {
    const auto cut = detail::cut_at(key, parts_in(target));
    if (!cut) return detail::no_slice(target);
    return part_of(target, *cut);
  }
  if (key.is_array() && target.is_array()) return detail::positions_of(key, target);
  return cannot_index(target, key);
}

Outcome slice(const Value& target, const Value& from, const Value& to) {
  if (target.is_null()) return Value();
  if (!target.is_array() && !target.is_string()) {
    return Failure{fmt::format("Cannot index {} with object", type_name(target))};
  }
  const auto cut = detail::cut_at(from, to, parts_in(target));
  if (!cut) return detail::no_slice(target);
  return part_of(target, *cut);
}

}  // namespace tba::expression
