#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/expression/functions/access.h"
#include "shared/expression/functions/tables.h"
#include "shared/expression/functions/text_search.h"
#include "shared/value/utf8.h"

namespace tba::expression::detail {
namespace {

Failure no_length(const Value& input) {
  return {described(input) + " has no length"};
}

/// The items of an array, or the values of an object.
std::vector<const Value*> parts_of(const Value& container) {
  std::vector<const Value*> parts;
  parts.reserve(container.size());
  for (const auto& item : container.items()) parts.push_back(&item);
  for (const auto& member : container.members()) parts.push_back(&member.value);
  return parts;
}

Outcome add(Value input, std::span<Value>, Resources& resources) {
  if (!input.is_array() && !input.is_object()) return not_iterable(input);
  Value sum;
  for (const auto* part : parts_of(input)) {
    auto next = apply(Operator::add, std::move(sum), *part, resources);
    if (!next) return next;
    sum = std::move(*next);
    if (!resources.may_build(sum.bytes())) return resources.spent_bytes();
  }
  return sum;
}

// --- flattening

Outcome flattened(const Value& input, Value depth, Resources& resources) {
  struct Open {
    std::vector<const Value*> parts;
    std::size_t next = 0;
    Value depth;  // to which the parts are flattened
  };
  if (!input.is_array() && !input.is_object()) return not_iterable(input);
  ArrayBuilder flat;
  std::vector<Open> open;
  open.push_back({parts_of(input), 0, std::move(depth)});
  while (!open.empty()) {
    auto& top = open.back();
    if (top.next == top.parts.size()) {
      open.pop_back();
      continue;
    }
    const auto& part = *top.parts[top.next++];
    if (!part.is_array() || top.depth == Value::integer(0)) {
      flat.add(part);
      continue;
    }
    auto rest = apply(Operator::subtract, top.depth, Value::integer(1), resources);
    if (!rest) return rest;
    open.push_back({parts_of(part), 0, std::move(*rest)});
  }
  return std::move(flat).build();
}

Outcome flatten(Value input, std::span<Value>, Resources& resources) {
  return flattened(input, Value::integer(1'000'000'000), resources);
}

Outcome flatten_to(Value input, std::span<Value> arguments, Resources& resources) {
  if (std::is_lt(Value::compare(arguments[0], Value::integer(0)))) {
    return Failure{"flatten depth must not be negative"};
  }
  return flattened(input, std::move(arguments[0]), resources);
}

// --- order

std::string reversed(std::string_view text) {
  std::string result(text.size(), '\0');
  auto end = result.size();
  for (std::size_t at = 0; at < text.size();) {
    const auto length = std::max<std::size_t>(1, utf8_length_at(text, at));
    end -= length;
    result.replace(end, length, text.substr(at, length));
    at += length;
  }
  return result;
}

/// jq reads null, 0 and an object without members as an array without items.
Outcome reverse(Value input, std::span<Value>, Resources&) {
  if (input.is_string()) return Value::string(reversed(input.as_string()));
  if (input.is_boolean()) return no_length(input);
  if (!input.is_array()) {
    const bool is_empty = input.is_null() || (input.is_object() && input.size() == 0) ||
                          (input.is_number() && !(std::abs(input.as_number()) > 0));
    return is_empty ? Outcome(Value::array({})) : index(input, Value::integer(0));
  }
  ArrayBuilder items(input.size());
  const auto old_items = input.items();
  std::for_each(old_items.rbegin(), old_items.rend(), [&](const Value& item) { items.add(item); });
  return std::move(items).build();
}

Outcome toarray(Value input, std::span<Value>, Resources&) {
  return input.is_array() ? input : Value::array({input});
}

/// How long a row is for jq, which takes the length of whatever it is and fails where it reads it.
boost::system::result<double, Failure> length_of_row(const Value& row) {
  if (row.is_boolean()) return no_length(row);
  if (row.is_number()) return std::abs(row.as_number());
  return static_cast<double>(row.is_string() ? row.as_string().size() : row.size());
}

Outcome transpose(Value input, std::span<Value>, Resources& resources) {
  if (!input.is_array() && !input.is_object()) return not_iterable(input);
  if (input.is_object() && input.size() == 0) return Failure{"Range bounds must be numeric"};
  double longest = 0;
  for (const auto* row : parts_of(input)) {
    const auto length = length_of_row(*row);
    if (!length) return length.error();
    longest = std::max(longest, *length);
  }
  if (!(longest > 0)) return Value::array({});
  if (input.is_object()) return index(input, Value::integer(0));
  std::size_t width = 0;
  for (const auto& row : input.items()) {
    if (!row.is_array() && !row.is_null()) return index(row, Value::integer(0));
    width = std::max(width, row.size());
  }
  const auto bytes = width * input.size() * sizeof(Value);
  if (!resources.may_build(bytes)) return resources.spent_bytes();
  if (!resources.spend(bytes)) return resources.spent_steps();
  ArrayBuilder columns(width);
  for (std::size_t i = 0; i < width; ++i) {
    ArrayBuilder column(input.size());
    for (const auto& row : input.items()) {
      column.add(i < row.size() ? row.items()[i] : Value());
    }
    columns.add(std::move(column).build());
  }
  return std::move(columns).build();
}

// --- searching

/// Where a text begins in another one, overlapping places included, counted in code points.
Value places_of(std::string_view wanted, std::string_view text) {
  ArrayBuilder places;
  std::size_t counted = 0;  // bytes
  std::size_t code_points = 0;
  for (auto at = wanted.empty() ? std::string_view::npos : find_text(text, wanted);
       at != std::string_view::npos; at = find_text(text, wanted, at + 1)) {
    code_points += count_code_points(text.substr(counted, at - counted));
    counted = at;
    places.add(Value::integer(static_cast<std::int64_t>(code_points)));
  }
  return std::move(places).build();
}

Outcome indices(Value input, std::span<Value> arguments, Resources& resources) {
  auto& wanted = arguments[0];
  if (!resources.spend(wanted.bytes())) return resources.spent_steps();
  if (input.is_null()) return index(input, wanted);
  if (input.is_string() && wanted.is_string()) {
    return places_of(wanted.as_string(), input.as_string());
  }
  if (input.is_array() && !wanted.is_array()) wanted = Value::array({wanted});
  return index(input, wanted);
}

Outcome first_index(Value input, std::span<Value> arguments, Resources& resources) {
  const auto all = indices(std::move(input), arguments, resources);
  return all ? index(*all, Value::integer(0)) : all;
}

Outcome last_index(Value input, std::span<Value> arguments, Resources& resources) {
  const auto all = indices(std::move(input), arguments, resources);
  return all ? index(*all, Value::integer(-1)) : all;
}

constexpr auto kFunctions = std::to_array<Function>({
    {"add", 0, true, add},
    {"flatten", 0, true, flatten},
    {"flatten", 1, true, flatten_to},
    {"index", 1, true, first_index},
    {"indices", 1, true, indices},
    {"reverse", 0, true, reverse},
    {"rindex", 1, true, last_index},
    {"toarray", 0, false, toarray},
    {"transpose", 0, true, transpose},
});

}  // namespace

std::span<const Function> array_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
