#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/functions/access.h"
#include "shared/expression/functions/tables.h"
#include "shared/expression/functions/text_search.h"
#include "shared/value/json.h"

namespace tba::expression::detail {
namespace {

Value positions_in(const Value& array) {
  ArrayBuilder positions(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) {
    positions.add(Value::integer(static_cast<std::int64_t>(i)));
  }
  return std::move(positions).build();
}

Failure no_keys(const Value& input) {
  return {described(input) + " has no keys"};
}

Outcome keys_unsorted(Value input, std::span<Value>, Resources& resources) {
  if (!resources.spend(input.size() * sizeof(Member))) return resources.spent_steps();
  if (input.is_array()) return positions_in(input);
  if (!input.is_object()) return no_keys(input);
  ArrayBuilder names(input.size());
  for (const auto& member : input.members()) names.add(Value::string(member.name));
  return std::move(names).build();
}

Outcome keys(Value input, std::span<Value>, Resources& resources) {
  if (!resources.spend(input.size() * sizeof(Member))) return resources.spent_steps();
  if (input.is_array()) return positions_in(input);
  if (!input.is_object()) return no_keys(input);
  std::vector<std::string_view> sorted;
  sorted.reserve(input.size());
  for (const auto& member : input.members()) sorted.push_back(member.name);
  std::sort(sorted.begin(), sorted.end());
  ArrayBuilder names(sorted.size());
  for (const auto name : sorted) names.add(Value::string(name));
  return std::move(names).build();
}

Outcome has(Value input, std::span<Value> arguments, Resources&) {
  const auto& key = arguments[0];
  if (input.is_null()) return Value::boolean(false);
  if (input.is_object() && key.is_string()) {
    return Value::boolean(input.find(key.as_string()) != nullptr);
  }
  if (input.is_array() && key.is_number()) {
    const auto position = truncated(key);
    return Value::boolean(!is_nan(key) && position >= 0 &&
                          static_cast<std::uint64_t>(position) < input.size());
  }
  return Failure{
      fmt::format("Cannot check whether {} has a {} key", type_name(input), type_name(key))};
}

// --- entries

Value entry(Value key, Value value) {
  return Value::object({{"key", std::move(key)}, {"value", std::move(value)}});
}

Outcome to_entries(Value input, std::span<Value>, Resources& resources) {
  if (!input.is_object() && !input.is_array()) return no_keys(input);
  const auto entry_bytes = entry({}, {}).bytes();
  if (!resources.spend(input.size() * entry_bytes)) return resources.spent_steps();
  if (!resources.may_build(input.bytes() + input.size() * entry_bytes)) {
    return resources.spent_bytes();
  }
  ArrayBuilder entries(input.size());
  for (const auto& member : input.members()) {
    entries.add(entry(Value::string(member.name), member.value));
  }
  for (const auto& item : input.items()) {
    entries.add(entry(Value::integer(static_cast<std::int64_t>(entries.size())), item));
  }
  return std::move(entries).build();
}

/// The first of these members that is neither null nor false; else what the last one is.
Value first_true_of(const Value& object, std::span<const std::string_view> names) {
  for (const auto name : names.first(names.size() - 1)) {
    const auto* member = object.find(name);
    if (member != nullptr && is_true(*member)) return *member;
  }
  const auto* last = object.find(names.back());
  return last == nullptr ? Value() : *last;
}

Value key_of(const Value& entry) {
  constexpr std::array<std::string_view, 5> kOtherNames = {"k", "name", "Name", "K", "Key"};
  const auto* key = entry.find("key");
  return key != nullptr && !key->is_null() ? *key : first_true_of(entry, kOtherNames);
}

Value value_of(const Value& entry) {
  for (const auto* name : {"value", "v"}) {
    if (const auto* member = entry.find(name)) return *member;
  }
  const auto* member = entry.find("Value");
  return member == nullptr ? Value() : *member;
}

Outcome from_entries(Value input, std::span<Value>, Resources&) {
  if (!input.is_array() && !input.is_object()) return not_iterable(input);
  ObjectBuilder object;
  const auto put = [&object](const Value& entry) -> std::optional<Failure> {
    if (!entry.is_object() && !entry.is_null()) return index(entry, Value::string("key")).error();
    const auto key = key_of(entry);
    if (!key.is_string())
      return Failure{fmt::format("Cannot use {} as object key", described(key))};
    object.put(key.as_string(), value_of(entry));
    return std::nullopt;
  };
  for (const auto& item : input.items()) {
    if (auto failure = put(item)) return std::move(*failure);
  }
  for (const auto& member : input.members()) {
    if (auto failure = put(member.value)) return std::move(*failure);
  }
  return std::move(object).build();
}

/// The input with other values: the argument has a list for each, whose first item replaces it;
/// what has an empty list is left out.
Outcome with_values(Value input, std::span<Value> arguments, Resources&) {
  const auto lists = arguments[0].items();
  if (!input.is_object()) {
    ArrayBuilder items(lists.size());
    for (const auto& list : lists) {
      if (list.size() > 0) items.add(list.items()[0]);
    }
    return std::move(items).build();
  }
  const auto members = input.members();
  std::size_t name_bytes = 0;
  for (const auto& member : members) name_bytes += member.name.size();
  ObjectBuilder object(members.size(), name_bytes);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (lists[i].size() > 0) object.put(members[i].name, lists[i].items()[0]);
  }
  return std::move(object).build();
}

// --- containment

/// jq's `contains`: of strings their parts, of arrays that each wanted item is in one of theirs, of
/// objects that each wanted member is in that of the same name, of others equality.
class Containment {
 public:
  explicit Containment(Resources& resources) : resources_(resources) {}

  /// Nothing where the budget is spent.
  std::optional<bool> of(const Value& value, const Value& wanted) {
    auto result = begin(value, wanted);
    while (!open_.empty()) {
      if (result) take(*result);
      if (!resources_.spend(work_)) return std::nullopt;
      result = go_on();
    }
    return result;
  }

 private:
  /// Two arrays or two objects, of whose wanted parts those before `wanted_at` were found.
  struct Open {
    const Value* value;
    const Value* wanted;
    std::size_t wanted_at = 0;
    std::size_t value_at = 0;  // the item that is compared with the wanted one, in arrays
    bool failed = false;
  };

  static constexpr std::uint64_t kBytesPerComparison = 64;

  /// The answer, or nothing where it takes looking at the parts.
  std::optional<bool> begin(const Value& value, const Value& wanted) {
    work_ = kBytesPerComparison;
    if ((value.is_object() && wanted.is_object()) || (value.is_array() && wanted.is_array())) {
      open_.push_back({&value, &wanted});
      return std::nullopt;
    }
    if (value.is_string() && wanted.is_string()) {
      work_ += value.as_string().size();
      return find_text(value.as_string(), wanted.as_string()) != std::string_view::npos;
    }
    return value == wanted;
  }

  /// Counts the answer for the part that was looked at last.
  void take(bool found) {
    auto& top = open_.back();
    if (found) {
      ++top.wanted_at;
      top.value_at = 0;
    } else if (top.value->is_array()) {
      ++top.value_at;
    } else {
      top.failed = true;
    }
  }

  /// Looks at the next part; the answer of the topmost pair, or of a part that is no container.
  std::optional<bool> go_on() {
    auto& top = open_.back();
    if (top.failed) return close(false);
    if (top.wanted_at == top.wanted->size()) return close(true);
    if (top.wanted->is_array()) {
      if (top.value_at == top.value->size()) return close(false);
      return begin(top.value->items()[top.value_at], top.wanted->items()[top.wanted_at]);
    }
    const auto& member = top.wanted->members()[top.wanted_at];
    const auto* own = top.value->find(member.name);
    if (own == nullptr) return close(false);
    return begin(*own, member.value);
  }

  bool close(bool answer) {
    open_.pop_back();
    return answer;
  }

  Resources& resources_;
  std::vector<Open> open_;
  std::uint64_t work_ = 0;  // bytes that the last comparison looked at
};

/// jq has two kinds of booleans here.
bool are_of_one_kind(const Value& left, const Value& right) {
  if (left.is_boolean() && right.is_boolean()) return left.as_boolean() == right.as_boolean();
  return type_name(left) == type_name(right);
}

Outcome contains(Value input, std::span<Value> arguments, Resources& resources) {
  const auto& wanted = arguments[0];
  if (!are_of_one_kind(input, wanted)) {
    return Failure{fmt::format("{} and {} cannot have their containment checked", described(input),
                               described(wanted))};
  }
  const auto answer = Containment(resources).of(input, wanted);
  if (!answer) return resources.spent_steps();
  return Value::boolean(*answer);
}

constexpr auto kFunctions = std::to_array<Function>({
    {"_with_values", 1, false, with_values},
    {"contains", 1, true, contains},
    {"from_entries", 0, true, from_entries},
    {"has", 1, false, has},
    {"keys", 0, false, keys},
    {"keys_unsorted", 0, false, keys_unsorted},
    {"to_entries", 0, false, to_entries},
});

}  // namespace

std::span<const Function> object_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
