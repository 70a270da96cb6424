
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/functions.h"
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

}  // namespace

Outcome apply(Operator operation, Value left, Value right, Resources&) {
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

}  // namespace tba::expression
