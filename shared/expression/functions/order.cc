#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/functions/access.h"
#include "shared/expression/functions/tables.h"

namespace tba::expression::detail {
namespace {

// --- sorting
//
// Items are sorted by keys, of which there is one for each item. What is sorted are positions, each
// beside what can be compared fastest: keys of workflows are nearly always all integers, all
// numbers or all strings. Equal keys keep their order: positions decide.

std::weak_ordering compare_keys(const Value& left, const Value& right) {
  if (left.is_integer() && right.is_integer()) return left.as_integer() <=> right.as_integer();
  if (left.is_string() && right.is_string()) return left.as_string() <=> right.as_string();
  return Value::compare(left, right);
}

/// Several keys of one item: the later ones decide where the earlier ones are equal.
std::weak_ordering compare_lists(std::span<const Value> left, std::span<const Value> right) {
  return std::lexicographical_compare_three_way(left.begin(), left.end(), right.begin(),
                                                right.end(), compare_keys);
}

struct IntegerKey {
  explicit IntegerKey(const Value& key) : value(key.as_integer()) {}
  static bool suits(const Value& key) { return key.is_integer(); }
  std::weak_ordering operator<=>(const IntegerKey& other) const { return value <=> other.value; }
  std::int64_t value;
};

struct NumberKey {
  explicit NumberKey(const Value& key) : value(key.as_number()) {}
  static bool suits(const Value& key) {
    constexpr std::int64_t kMaxExact = std::int64_t{1} << 53;
    if (!key.is_integer()) return key.is_number();
    return key.as_integer() <= kMaxExact && key.as_integer() >= -kMaxExact;
  }
  std::weak_ordering operator<=>(const NumberKey& other) const {
    if (value < other.value) return std::weak_ordering::less;
    if (value > other.value) return std::weak_ordering::greater;
    return !std::isnan(value) <=> !std::isnan(other.value);
  }
  double value;
};

struct StringKey {
  explicit StringKey(const Value& key) : text(key.as_string()) {
    std::array<unsigned char, sizeof beginning> bytes{};
    std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
    for (const auto byte : bytes) beginning = (beginning << 8) | byte;
  }
  static bool suits(const Value& key) { return key.is_string(); }
  std::weak_ordering operator<=>(const StringKey& other) const {
    if (beginning != other.beginning) return beginning <=> other.beginning;
    return text <=> other.text;
  }
  std::uint64_t beginning = 0;  // as one big-endian number
  std::string_view text;
};

struct AnyKey {
  explicit AnyKey(const Value& key) : value(&key) {}
  static bool suits(const Value&) { return true; }
  std::weak_ordering operator<=>(const AnyKey& other) const {
    return compare_keys(*value, *other.value);
  }
  const Value* value;
};

struct ListKey {
  explicit ListKey(const Value& key) : items(key.items()) {}
  static bool suits(const Value& key) { return key.is_array(); }
  std::weak_ordering operator<=>(const ListKey& other) const {
    return compare_lists(items, other.items);
  }
  std::span<const Value> items;
};

/// An object, whose members are put in order once instead of at each comparison.
struct ObjectKey {
  explicit ObjectKey(const Value& key) {
    members.reserve(key.size());
    for (const auto& member : key.members()) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const Member* left, const Member* right) { return left->name < right->name; });
  }
  static bool suits(const Value& key) { return key.is_object(); }
  std::weak_ordering operator<=>(const ObjectKey& other) const {
    const auto by_name = std::lexicographical_compare_three_way(
        members.begin(), members.end(), other.members.begin(), other.members.end(),
        [](const Member* left, const Member* right) { return left->name <=> right->name; });
    if (by_name != 0) return by_name;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto by_value = compare_keys(members[i]->value, other.members[i]->value);
      if (by_value != 0) return by_value;
    }
    return std::weak_ordering::equivalent;
  }
  std::vector<const Member*> members;
};

using Positions = std::vector<std::uint32_t>;

template <typename Key>
bool sort_as(std::span<const Value* const> keys, Positions& positions) {
  const auto suits = [](const Value* key) { return Key::suits(*key); };
  if (!std::all_of(keys.begin(), keys.end(), suits)) return false;
  struct Entry {
    Key key;
    std::uint32_t position;
  };
  std::vector<Entry> entries;
  entries.reserve(keys.size());
  for (const auto* key : keys) {
    entries.push_back({Key(*key), static_cast<std::uint32_t>(entries.size())});
  }
  const auto less = [](const Entry& left, const Entry& right) {
    const auto order = left.key <=> right.key;
    return order != 0 ? order < 0 : left.position < right.position;
  };
  if (!std::is_sorted(entries.begin(), entries.end(), less)) {
    std::sort(entries.begin(), entries.end(), less);
  }
  for (const auto& entry : entries) positions.push_back(entry.position);
  return true;
}

/// The keys as they are compared: where each is a list of one, as `sort_by(.a)` makes them, these.
std::vector<const Value*> compared(std::span<const Value> keys) {
  const bool are_single = std::all_of(
      keys.begin(), keys.end(), [](const Value& key) { return key.is_array() && key.size() == 1; });
  std::vector<const Value*> result;
  result.reserve(keys.size());
  for (const auto& key : keys) result.push_back(are_single ? key.items().data() : &key);
  return result;
}

/// The positions of the keys in their order; nothing where the budget is spent.
std::optional<Positions> sorted(std::span<const Value* const> keys, std::uint64_t bytes,
                                Resources& resources) {
  // Few comparisons read all of a key.
  const auto rounds = static_cast<unsigned>(std::bit_width(keys.size()));
  if (!resources.spend(bytes / 4 * rounds)) return std::nullopt;
  Positions positions;
  positions.reserve(keys.size());
  sort_as<IntegerKey>(keys, positions) || sort_as<NumberKey>(keys, positions) ||
      sort_as<StringKey>(keys, positions) || sort_as<ListKey>(keys, positions) ||
      sort_as<ObjectKey>(keys, positions) || sort_as<AnyKey>(keys, positions);
  return positions;
}

Value picked(std::span<const Value> items, std::span<const std::uint32_t> positions) {
  ArrayBuilder result(positions.size());
  for (const auto position : positions) result.add(items[position]);
  return std::move(result).build();
}

/// Calls `take` with the positions of each group of equal keys. NaN equals nothing.
template <typename Take>
void for_each_group(std::span<const Value* const> keys, std::span<const std::uint32_t> positions,
                    const Take& take) {
  for (std::size_t begin = 0; begin < positions.size();) {
    auto end = begin + 1;
    while (end < positions.size() && *keys[positions[begin]] == *keys[positions[end]]) ++end;
    take(positions.subspan(begin, end - begin));
    begin = end;
  }
}

/// What the function makes of the items and their positions in order.
using Arrange = Value (*)(std::span<const Value> items, std::span<const Value* const> keys,
                          std::span<const std::uint32_t> positions);

Value all_sorted(std::span<const Value> items, std::span<const Value* const>,
                 std::span<const std::uint32_t> positions) {
  return picked(items, positions);
}

Value grouped(std::span<const Value> items, std::span<const Value* const> keys,
              std::span<const std::uint32_t> positions) {
  ArrayBuilder groups;
  for_each_group(keys, positions, [&](auto group) { groups.add(picked(items, group)); });
  return std::move(groups).build();
}

Value first_of_each(std::span<const Value> items, std::span<const Value* const> keys,
                    std::span<const std::uint32_t> positions) {
  ArrayBuilder firsts;
  for_each_group(keys, positions, [&](auto group) { firsts.add(items[group.front()]); });
  return std::move(firsts).build();
}

Outcome arrange(const Value& input, const Value& keys, Arrange arrangement, Resources& resources) {
  const auto to_compare = compared(keys.items());
  const auto positions = sorted(to_compare, keys.bytes(), resources);
  if (!positions) return resources.spent_steps();
  return arrangement(input.items(), to_compare, *positions);
}

template <Arrange arrangement>
Outcome by_itself(Value input, std::span<Value>, Resources& resources) {
  if (!input.is_array()) {
    return Failure{described(input) + " cannot be sorted, as it is not an array"};
  }
  return arrange(input, input, arrangement, resources);
}

/// The argument is the array of the keys.
template <Arrange arrangement>
Outcome by_keys(Value input, std::span<Value> arguments, Resources& resources) {
  const auto& keys = arguments[0];
  if (!input.is_array() || !keys.is_array() || input.size() != keys.size()) {
    return Failure{fmt::format("{} and {} cannot be sorted, as they are not both arrays",
                               described(input), described(keys))};
  }
  return arrange(input, keys, arrangement, resources);
}

// --- the least and the greatest

/// Of equal ones the first is the least, and the last the greatest. NaN is less even than NaN.
Outcome extreme(const Value& input, const Value& keys, bool is_least) {
  if (!input.is_array() || !keys.is_array()) {
    return Failure{
        fmt::format("{} and {} cannot be iterated over", described(input), described(keys))};
  }
  if (input.size() != keys.size()) {
    return Failure{fmt::format("{} and {} have wrong length", described(input), described(keys))};
  }
  if (input.size() == 0) return Value();
  const auto to_compare = compared(keys.items());
  std::size_t best = 0;
  for (std::size_t i = 1; i < to_compare.size(); ++i) {
    const auto order = compare_keys(*to_compare[i], *to_compare[best]);
    const bool is_less = order < 0 || (order == 0 && is_nan(*to_compare[i]));
    if (is_less == is_least) best = i;
  }
  return input.items()[best];
}

Outcome min(Value input, std::span<Value>, Resources&) {
  return extreme(input, input, true);
}

Outcome max(Value input, std::span<Value>, Resources&) {
  return extreme(input, input, false);
}

Outcome min_by(Value input, std::span<Value> arguments, Resources& resources) {
  if (!resources.spend(arguments[0].bytes())) return resources.spent_steps();
  return extreme(input, arguments[0], true);
}

Outcome max_by(Value input, std::span<Value> arguments, Resources& resources) {
  if (!resources.spend(arguments[0].bytes())) return resources.spent_steps();
  return extreme(input, arguments[0], false);
}

/// As by keys that are the items themselves, which says what jq says of an object.
Outcome unique(Value input, std::span<Value>, Resources& resources) {
  if (input.is_array()) return arrange(input, input, first_of_each, resources);
  if (!input.is_object()) return not_iterable(input);
  ArrayBuilder keys(input.size());
  for (const auto& member : input.members()) keys.add(Value::array({member.value}));
  auto argument = std::move(keys).build();
  return by_keys<first_of_each>(std::move(input), std::span(&argument, 1), resources);
}

/// The position of the target in a sorted array, or -1 less the one where it would have to be put.
Outcome bsearch(Value input, std::span<Value> arguments, Resources& resources) {
  if (!input.is_array()) {
    if (input.is_boolean()) return Failure{described(input) + " has no length"};
    const bool is_empty = input.is_null() || (input.is_object() && input.size() == 0) ||
                          (input.is_string() && input.as_string().empty()) ||
                          (input.is_number() && input.as_number() == 0);
    return is_empty ? Outcome(Value::integer(-1)) : index(input, Value::integer(0));
  }
  if (!resources.spend(std::min(input.bytes(), arguments[0].bytes()))) {
    return resources.spent_steps();
  }
  const auto items = input.items();
  auto low = std::int64_t{0};
  auto high = static_cast<std::int64_t>(items.size()) - 1;
  while (low <= high) {
    const auto middle = low + (high - low) / 2;
    const auto order = compare_keys(items[static_cast<std::size_t>(middle)], arguments[0]);
    if (order == 0) return Value::integer(middle);
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return Value::integer(-1 - low);
}

constexpr auto kFunctions = std::to_array<Function>({
    {"_group_by", 1, false, by_keys<grouped>},
    {"_max_by", 1, false, max_by},
    {"_min_by", 1, false, min_by},
    {"_sort_by", 1, false, by_keys<all_sorted>},
    {"_unique_by", 1, false, by_keys<first_of_each>},
    {"bsearch", 1, false, bsearch},
    {"max", 0, true, max},
    {"min", 0, true, min},
    {"sort", 0, true, by_itself<all_sorted>},
    {"unique", 0, true, unique},
});

}  // namespace

std::span<const Function> order_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
