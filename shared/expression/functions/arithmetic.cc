#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/functions/access.h"
#include "shared/expression/functions/text_search.h"
#include "shared/value/utf8.h"

namespace tba::expression {
namespace {

using detail::is_nan;
using detail::truncated;

Failure cannot(const Value& left, const Value& right, std::string_view done) {
  return {fmt::format("{} and {} cannot be {}", described(left), described(right), done)};
}

bool are_numbers(const Value& left, const Value& right) {
  return left.is_number() && right.is_number();
}

bool are_integers(const Value& left, const Value& right) {
  return left.is_integer() && right.is_integer();
}

// --- addition and subtraction

Value merged(Value left, const Value& right) {
  if (left.size() == 0) return right;
  for (const auto& member : right.members()) {
    left = std::move(left).with_member(member.name, member.value);
  }
  return left;
}

Value concatenated(Value left, const Value& right) {
  if (left.size() == 0) return right;
  for (const auto& item : right.items()) left = std::move(left).with_item(item);
  return left;
}

Outcome add(Value left, Value right) {
  if (are_numbers(left, right)) {
    std::int64_t sum = 0;
    if (are_integers(left, right) &&
        !__builtin_add_overflow(left.as_integer(), right.as_integer(), &sum)) {
      return Value::integer(sum);
    }
    return Value::number(left.as_number() + right.as_number());
  }
  if (left.is_null()) return right;
  if (right.is_null()) return left;
  if (left.is_string() && right.is_string()) {
    return left.as_string().empty() ? right : std::move(left).with_text(right.as_string());
  }
  if (left.is_array() && right.is_array()) return concatenated(std::move(left), right);
  if (left.is_object() && right.is_object()) return merged(std::move(left), right);
  return cannot(left, right, "added");
}

/// The items of one array that equal none of the other's. NaN equals nothing.
Value without(const Value& array, const Value& unwanted) {
  std::vector<const Value*> sorted;
  sorted.reserve(unwanted.size());
  for (const auto& item : unwanted.items()) sorted.push_back(&item);
  const auto less = [](const Value* one, const Value* other) {
    return std::is_lt(Value::compare(*one, *other));
  };
  std::sort(sorted.begin(), sorted.end(), less);
  ArrayBuilder rest;
  for (const auto& item : array.items()) {
    if (is_nan(item) || !std::binary_search(sorted.begin(), sorted.end(), &item, less)) {
      rest.add(item);
    }
  }
  return std::move(rest).build();
}

Outcome subtract(Value left, const Value& right) {
  if (are_numbers(left, right)) {
    std::int64_t difference = 0;
    if (are_integers(left, right) &&
        !__builtin_sub_overflow(left.as_integer(), right.as_integer(), &difference)) {
      return Value::integer(difference);
    }
    return Value::number(left.as_number() - right.as_number());
  }
  if (left.is_array() && right.is_array()) {
    if (left.size() == 0 || right.size() == 0) return left;
    return without(left, right);
  }
  return cannot(left, right, "subtracted");
}

// --- multiplication

/// As often as the number says, at least once; null for 0, less and NaN.
Outcome repeated(std::string_view text, double times, Resources& resources) {
  if (!(times > 0)) return Value();
  const double count = std::max(1.0, std::trunc(times));
  const double bytes = static_cast<double>(text.size()) * count;
  constexpr double kBeyond = 9007199254740992.0;  // 2^53
  if (bytes >= kBeyond || !resources.may_build(static_cast<std::uint64_t>(bytes))) {
    return resources.spent_bytes();
  }
  if (!resources.spend(static_cast<std::uint64_t>(bytes))) return resources.spent_steps();
  const auto size = static_cast<std::size_t>(bytes);
  std::string result;
  result.reserve(size);
  while (result.size() < size) result += text;
  return Value::string(result);
}

/// Where both have an object under a name, these are merged in turn; else the right side stands.
Value merged_deeply(Value left, const Value& right) {
  struct Open {
    Value result;
    std::span<const Member> rest;
    std::string_view name;  // under which the result goes into the one before
  };
  std::vector<Open> open;
  open.push_back({std::move(left), right.members(), {}});
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
      open.push_back({top.result.take_member(member.name), member.value.members(), member.name});
    } else {
      top.result = std::move(top.result).with_member(member.name, member.value);
    }
  }
}

Outcome multiply(Value left, const Value& right, Resources& resources) {
  if (are_numbers(left, right)) {
    // A product of 0 may be -0.
    std::int64_t product = 0;
    if (are_integers(left, right) &&
        !__builtin_mul_overflow(left.as_integer(), right.as_integer(), &product) && product != 0) {
      return Value::integer(product);
    }
    return Value::number(left.as_number() * right.as_number());
  }
  if (left.is_string() && right.is_number()) {
    return repeated(left.as_string(), right.as_number(), resources);
  }
  if (left.is_number() && right.is_string()) {
    return repeated(right.as_string(), left.as_number(), resources);
  }
  if (left.is_object() && right.is_object()) return merged_deeply(std::move(left), right);
  return cannot(left, right, "multiplied");
}

// --- division

Outcome split(std::string_view text, std::string_view separator, Resources& resources) {
  ArrayBuilder parts;
  std::uint64_t bytes = 0;
  while (!text.empty()) {
    const auto end = separator.empty() ? std::max<std::size_t>(1, utf8_length_at(text, 0))
                                       : detail::find_text(text, separator);
    auto part = Value::string(text.substr(0, end));
    bytes += part.bytes();
    if (!resources.may_build(bytes)) return resources.spent_bytes();
    parts.add(std::move(part));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + separator.size());
    if (text.empty() && !separator.empty()) parts.add(Value::string({}));
  }
  return std::move(parts).build();
}

/// Whole numbers that divide without a rest stay whole numbers. A quotient of 0 may be -0.
bool divides_exactly(const Value& left, const Value& right) {
  return are_integers(left, right) && right.as_integer() != -1 && left.as_integer() != 0 &&
         left.as_integer() % right.as_integer() == 0;
}

Outcome divide(const Value& left, const Value& right, Resources& resources) {
  if (are_numbers(left, right)) {
    if (right.as_number() == 0) {
      return cannot(left, right, "divided because the divisor is zero");
    }
    if (right.is_integer() && right.as_integer() == -1) return negated(left);
    if (divides_exactly(left, right)) {
      return Value::integer(left.as_integer() / right.as_integer());
    }
    return Value::number(left.as_number() / right.as_number());
  }
  if (left.is_string() && right.is_string()) {
    return split(left.as_string(), right.as_string(), resources);
  }
  return cannot(left, right, "divided");
}

/// Of both sides cut towards zero; it has the sign of the left one.
Outcome remainder(const Value& left, const Value& right) {
  if (!are_numbers(left, right)) return cannot(left, right, "divided (remainder)");
  if (is_nan(left) || is_nan(right)) {
    return Value::number(std::numeric_limits<double>::quiet_NaN());
  }
  const auto divisor = truncated(right);
  if (divisor == 0) {
    return cannot(left, right, "divided (remainder) because the divisor is zero");
  }
  return Value::integer(divisor == -1 ? 0 : truncated(left) % divisor);
}

// --- comparison

/// As jq has it, NaN is less even than itself.
std::weak_ordering ordered(const Value& left, const Value& right) {
  if (are_integers(left, right)) return left.as_integer() <=> right.as_integer();
  if (is_nan(left) && is_nan(right)) return std::weak_ordering::less;
  return Value::compare(left, right);
}

}  // namespace

Outcome apply(Operator operation, Value left, Value right, Resources& resources) {
  switch (operation) {
    case Operator::add:
      return add(std::move(left), std::move(right));
    case Operator::subtract:
      return subtract(std::move(left), right);
    case Operator::multiply:
      return multiply(std::move(left), right, resources);
    case Operator::divide:
      return divide(left, right, resources);
    case Operator::remainder:
      return remainder(left, right);
    case Operator::equal:
      return Value::boolean(left == right);
    case Operator::not_equal:
      return Value::boolean(!(left == right));
    case Operator::less:
      return Value::boolean(std::is_lt(ordered(left, right)));
    case Operator::less_or_equal:
      return Value::boolean(std::is_lteq(ordered(left, right)));
    case Operator::greater:
      return Value::boolean(std::is_gt(ordered(left, right)));
    case Operator::greater_or_equal:
      return Value::boolean(std::is_gteq(ordered(left, right)));
    default:
      return Value();  // control flow, which is not done here
  }
}

Outcome negated(const Value& value) {
  if (!value.is_number()) return Failure{described(value) + " cannot be negated"};
  std::int64_t result = 0;
  if (value.is_integer() && value.as_integer() != 0 &&
      !__builtin_sub_overflow(0, value.as_integer(), &result)) {
    return Value::integer(result);
  }
  return Value::number(-value.as_number());
}

}  // namespace tba::expression
