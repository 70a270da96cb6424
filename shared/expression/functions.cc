#include "shared/expression/functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::expression {
namespace {

constexpr std::size_t kMaxStringBytes = std::size_t{64} << 20;  // that one operation may make

Outcome cannot(const Value& left, const Value& right, std::string_view done) {
  return Failure{fmt::format("{} and {} cannot be {}", described(left), described(right), done)};
}

/// A double as an integer, cut towards zero, and to the nearest where it lies beyond.
std::int64_t truncated(const Value& number) {
  if (number.is_integer()) return number.as_integer();
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  const double value = number.as_number();
  if (value >= kBeyond) return std::numeric_limits<std::int64_t>::max();
  if (value < -kBeyond) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

Value concatenated(std::string_view left, std::string_view right) {
  std::string text;
  text.reserve(left.size() + right.size());
  text.append(left).append(right);
  return Value::string(text);
}

Value merged(Value left, const Value& right) {
  for (const auto& member : right.members()) {
    left = std::move(left).with_member(member.name, member.value);
  }
  return left;
}

/// jq's `*` of objects: where both have an object under a name, these are merged in turn.
Value merged_deeply(const Value& left, const Value& right) {
  struct Open {
    Value result;
    std::span<const Member> rest;
    std::string_view name;  // under which the result goes into the one before
  };
  std::vector<Open> open;
  open.push_back({left, right.members(), {}});
  while (true) {
    auto& top = open.back();
    if (top.rest.empty()) {
      auto done = std::move(top.result);
      const auto name = top.name;
      open.pop_back();
      if (open.empty()) return done;
      open.back().result = std::move(open.back().result).with_member(name, std::move(done));
      continue;
    }
    const auto& member = top.rest.front();
    top.rest = top.rest.subspan(1);
    const auto* own = top.result.find(member.name);
    if (own != nullptr && own->is_object() && member.value.is_object()) {
      open.push_back({*own, member.value.members(), member.name});
    } else {
      top.result = std::move(top.result).with_member(member.name, member.value);
    }
  }
}

Outcome add(Value left, const Value& right) {
  if (left.is_null()) return right;
  if (right.is_null()) return left;
  if (left.is_number() && right.is_number()) {
    std::int64_t sum = 0;
    if (left.is_integer() && right.is_integer() &&
        !__builtin_add_overflow(left.as_integer(), right.as_integer(), &sum)) {
      return Value::integer(sum);
    }
    return Value::number(left.as_number() + right.as_number());
  }
  if (left.is_string() && right.is_string()) {
    return concatenated(left.as_string(), right.as_string());
  }
  if (left.is_array() && right.is_array()) {
    if (left.size() == 0) return right;
    for (const auto& item : right.items()) left = std::move(left).with_item(item);
    return left;
  }
  if (left.is_object() && right.is_object()) return merged(std::move(left), right);
  return cannot(left, right, "added");
}

Outcome subtract(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) {
    std::int64_t difference = 0;
    if (left.is_integer() && right.is_integer() &&
        !__builtin_sub_overflow(left.as_integer(), right.as_integer(), &difference)) {
      return Value::integer(difference);
    }
    return Value::number(left.as_number() - right.as_number());
  }
  if (left.is_array() && right.is_array()) {
    std::vector<const Value*> removed;
    for (const auto& item : right.items()) removed.push_back(&item);
    const auto less = [](const Value* one, const Value* other) {
      return std::is_lt(Value::compare(*one, *other));
    };
    std::sort(removed.begin(), removed.end(), less);
    ArrayBuilder rest;
    for (const auto& item : left.items()) {
      if (!std::binary_search(removed.begin(), removed.end(), &item, less)) rest.add(item);
    }
    return std::move(rest).build();
  }
  return cannot(left, right, "subtracted");
}

/// jq: as often as the number says, at least once; null for 0 and less.
Outcome repeated(std::string_view text, const Value& times) {
  const double wanted = times.as_number();
  if (wanted <= 0) return Value();
  const double count = std::max(1.0, std::trunc(wanted));
  if (static_cast<double>(text.size()) * count > static_cast<double>(kMaxStringBytes)) {
    return Failure{"Repeat string result too long", true};
  }
  std::string result;
  result.reserve(text.size() * static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) result += text;
  return Value::string(result);
}

Outcome multiply(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) {
    std::int64_t product = 0;
    if (left.is_integer() && right.is_integer() &&
        !__builtin_mul_overflow(left.as_integer(), right.as_integer(), &product)) {
      return Value::integer(product);
    }
    return Value::number(left.as_number() * right.as_number());
  }
  if (left.is_string() && right.is_number()) return repeated(left.as_string(), right);
  if (left.is_number() && right.is_string()) return repeated(right.as_string(), left);
  if (left.is_object() && right.is_object()) return merged_deeply(left, right);
  return cannot(left, right, "multiplied");
}

Value split(std::string_view text, std::string_view separator) {
  ArrayBuilder parts;
  if (text.empty()) return std::move(parts).build();
  if (separator.empty()) {
    for (std::size_t at = 0; at < text.size();) {
      const auto length = std::max<std::size_t>(1, utf8_length_at(text, at));
      parts.add(Value::string(text.substr(at, length)));
      at += length;
    }
    return std::move(parts).build();
  }
  while (true) {
    const auto end = text.find(separator);
    parts.add(Value::string(text.substr(0, end)));
    if (end == std::string_view::npos) return std::move(parts).build();
    text.remove_prefix(end + separator.size());
  }
}

Outcome divide(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) {
    if (right.as_number() == 0) {
      return cannot(left, right, "divided because the divisor is zero");
    }
    if (right.is_integer() && right.as_integer() == -1) return negated(left);
    if (left.is_integer() && right.is_integer() && left.as_integer() % right.as_integer() == 0) {
      return Value::integer(left.as_integer() / right.as_integer());
    }
    return Value::number(left.as_number() / right.as_number());
  }
  if (left.is_string() && right.is_string()) return split(left.as_string(), right.as_string());
  return cannot(left, right, "divided");
}

Outcome remainder(const Value& left, const Value& right) {
  if (!left.is_number() || !right.is_number()) return cannot(left, right, "divided");
  const auto divisor = truncated(right);
  if (divisor == 0) return cannot(left, right, "divided because the divisor is zero");
  if (divisor == -1) return Value::integer(0);
  // jq takes the sign of the left side only.
  return Value::integer(truncated(left) % divisor);
}

Outcome not_(Value input, std::span<Value>, Resources&) {
  return Value::boolean(!is_true(input));
}

Outcome length(Value input, std::span<Value>, Resources&) {
  switch (input.kind()) {
    case Value::Kind::null:
      return Value::integer(0);
    case Value::Kind::boolean:
      return Failure{described(input) + " has no length"};
    case Value::Kind::integer:
      return input.as_integer() < 0 ? negated(input) : Outcome(input);
    case Value::Kind::number:
      return Value::number(std::abs(input.as_number()));
    case Value::Kind::string:
      return Value::integer(static_cast<std::int64_t>(count_code_points(input.as_string())));
    case Value::Kind::array:
    case Value::Kind::object:
      break;
  }
  return Value::integer(static_cast<std::int64_t>(input.size()));
}

Outcome keys(Value input, std::span<Value>, Resources&) {
  ArrayBuilder names(input.size());
  if (input.is_object()) {
    std::vector<std::string_view> sorted;
    sorted.reserve(input.size());
    for (const auto& member : input.members()) sorted.push_back(member.name);
    std::sort(sorted.begin(), sorted.end());
    for (const auto name : sorted) names.add(Value::string(name));
  } else if (input.is_array()) {
    for (std::size_t i = 0; i < input.size(); ++i) {
      names.add(Value::integer(static_cast<std::int64_t>(i)));
    }
  } else {
    return Failure{described(input) + " has no keys"};
  }
  return std::move(names).build();
}

Outcome has(Value input, std::span<Value> arguments, Resources&) {
  const auto& key = arguments[0];
  if (input.is_object() && key.is_string()) {
    return Value::boolean(input.find(key.as_string()) != nullptr);
  }
  if (input.is_array() && key.is_number()) {
    const double position = key.as_number();
    return Value::boolean(position >= 0 && position < static_cast<double>(input.size()));
  }
  return Failure{
      fmt::format("Cannot check whether {} has a {} key", type_name(input), type_name(key))};
}

Outcome tojson(Value input, std::span<Value>, Resources&) {
  return Value::string(to_json(input));
}

Outcome tostring(Value input, std::span<Value>, Resources&) {
  return input.is_string() ? input : Value::string(to_json(input));
}

Outcome fromjson(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) return Failure{described(input) + " cannot be parsed as JSON"};
  auto value = parse_json(input.as_string());
  if (!value) {
    return Failure{
        fmt::format("{} cannot be parsed as JSON: {}", described(input), value.error().message)};
  }
  return std::move(*value);
}

Outcome tonumber(Value input, std::span<Value>, Resources&) {
  if (input.is_number()) return input;
  if (input.is_string()) {
    const auto value = parse_json(input.as_string());
    if (value && value->is_number()) return *value;
  }
  return Failure{described(input) + " cannot be parsed as a number"};
}

Outcome type(Value input, std::span<Value>, Resources&) {
  return Value::string(type_name(input));
}

constexpr auto kFunctions = std::to_array<Function>({
    {"fromjson", 0, true, fromjson},
    {"has", 1, false, has},
    {"keys", 0, false, keys},
    {"length", 0, false, length},
    {"not", 0, false, not_},
    {"tojson", 0, true, tojson},
    {"tonumber", 0, false, tonumber},
    {"tostring", 0, true, tostring},
    {"type", 0, false, type},
});

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

std::span<const Function> functions() {
  return kFunctions;
}

Outcome apply(Operator operation, Value left, const Value& right) {
  switch (operation) {
    case Operator::add:
      return add(std::move(left), right);
    case Operator::subtract:
      return subtract(left, right);
    case Operator::multiply:
      return multiply(left, right);
    case Operator::divide:
      return divide(left, right);
    case Operator::remainder:
      return remainder(left, right);
    case Operator::equal:
      return Value::boolean(left == right);
    case Operator::not_equal:
      return Value::boolean(!(left == right));
    case Operator::less:
      return Value::boolean(std::is_lt(Value::compare(left, right)));
    case Operator::less_or_equal:
      return Value::boolean(std::is_lteq(Value::compare(left, right)));
    case Operator::greater:
      return Value::boolean(std::is_gt(Value::compare(left, right)));
    case Operator::greater_or_equal:
      return Value::boolean(std::is_gteq(Value::compare(left, right)));
    case Operator::logical_and:
    case Operator::logical_or:
    case Operator::alternative:
      break;
  }
  return Value();
}

Outcome negated(const Value& value) {
  if (!value.is_number()) return Failure{described(value) + " cannot be negated"};
  std::int64_t result = 0;
  if (value.is_integer() && !__builtin_sub_overflow(0, value.as_integer(), &result)) {
    return Value::integer(result);
  }
  return Value::number(-value.as_number());
}

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

bool is_true(const Value& value) {
  return !value.is_null() && !(value.is_boolean() && !value.as_boolean());
}

std::string described(const Value& value) {
  constexpr std::size_t kMaxBytes = 14;
  constexpr std::string_view kCut = "...";
  // Only as much of a long value is written as can be shown.
  std::string text;
  if (value.is_string()) {
    text = to_json(Value::string(value.as_string().substr(0, 64)));
  } else if (value.bytes() > 4096) {
    text = std::string(value.is_array() ? "[" : "{").append(kCut);
  } else {
    text = to_json(value);
  }
  if (text.size() > kMaxBytes) {
    auto end = kMaxBytes - kCut.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end).append(kCut);
  }
  return fmt::format("{} ({})", type_name(value), text);
}

}  // namespace tba::expression
