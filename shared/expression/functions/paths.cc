#include "shared/expression/functions/paths.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/functions/access.h"
#include "shared/expression/functions/tables.h"

namespace tba::expression::detail {
namespace {

constexpr std::int64_t kMaxPosition = 536'870'911;  // jq's

/// `container[key]`, taken out of the container where it can be, so that it may change in place.
/// The container is good for nothing then but for with_part().
Outcome take_part(Value& container, const Value& key) {
  if (key.is_string() && container.find(key.as_string()) != nullptr) {
    return container.take_member(key.as_string());
  }
  if (key.is_number() && container.is_array() && !is_nan(key)) {
    const auto position = position_of(key, container.size());
    if (position < 0 || static_cast<std::uint64_t>(position) >= container.size()) return Value();
    return container.take_item(static_cast<std::size_t>(position));
  }
  return index(container, key);
}

Outcome with_item_at(Value array, const Value& key, Value item, Resources& resources) {
  if (is_nan(key)) return Failure{"Cannot set array element at NaN index"};
  const auto position = position_of(key, array.size());
  if (position < 0) return Failure{"Out of bounds negative array index"};
  if (position > kMaxPosition) return Failure{"Array index too large"};
  const auto place = static_cast<std::size_t>(position);
  if (place < array.size()) return std::move(array).with_item_at(place, std::move(item));
  const auto added = (place - array.size() + 1) * sizeof(Value);
  if (!resources.may_build(array.bytes() + added)) return resources.spent_bytes();
  if (!resources.spend(added)) return resources.spent_steps();
  while (array.size() < place) array = std::move(array).with_item(Value());
  return std::move(array).with_item(std::move(item));
}

Outcome with_slice_at(Value array, const Value& key, const Value& part, Resources& resources) {
  const auto cut = cut_at(key, array.size());
  if (!cut) return no_slice(array);
  if (!part.is_array()) {
    return Failure{"A slice of an array can only be assigned another array"};
  }
  const auto old_items = array.items();
  const auto size = cut->begin + part.size() + (old_items.size() - cut->end);
  if (!resources.may_build(size * sizeof(Value))) return resources.spent_bytes();
  if (!resources.spend(size * sizeof(Value))) return resources.spent_steps();
  ArrayBuilder items(size);
  for (const auto& item : old_items.first(cut->begin)) items.add(item);
  for (const auto& item : part.items()) items.add(item);
  for (const auto& item : old_items.subspan(cut->end)) items.add(item);
  return std::move(items).build();
}

/// The container with that part under the key.
Outcome with_part(Value container, const Value& key, Value part, Resources& resources) {
  const bool is_null = container.is_null();
  if (key.is_string() && (container.is_object() || is_null)) {
    if (is_null) container = Value::object({});
    return std::move(container).with_member(key.as_string(), std::move(part));
  }
  if (key.is_number() && (container.is_array() || is_null)) {
    if (is_null) container = Value::array({});
    return with_item_at(std::move(container), key, std::move(part), resources);
  }
  if (key.is_object() && (container.is_array() || is_null)) {
    if (is_null) container = Value::array({});
    return with_slice_at(std::move(container), key, part, resources);
  }
  return Failure{
      fmt::format("Cannot update field at {} index of {}", type_name(key), type_name(container))};
}

// --- deleting

Outcome without_items(const Value& array, std::span<const Value* const> keys) {
  // How many slices cover an item: those that begin with it are added to those before.
  std::vector<std::int64_t> begun(array.size() + 1, 0);
  const auto mark = [&begun](std::size_t begin, std::size_t end) {
    ++begun[begin];
    --begun[end];
  };
  for (const auto* key : keys) {
    if (key->is_number()) {
      const auto position = position_of(*key, array.size());
      if (position >= 0 && static_cast<std::uint64_t>(position) < array.size()) {
        mark(static_cast<std::size_t>(position), static_cast<std::size_t>(position) + 1);
      }
    } else if (key->is_object()) {
      const auto cut = cut_at(*key, array.size());
      if (!cut) return no_slice(array);
      mark(cut->begin, cut->end);
    } else {
      return Failure{fmt::format("Cannot delete {} element of array", type_name(*key))};
    }
  }
  ArrayBuilder rest;
  std::int64_t covering = 0;
  for (std::size_t i = 0; i < array.size(); ++i) {
    covering += begun[i];
    if (covering == 0) rest.add(array.items()[i]);
  }
  return std::move(rest).build();
}

/// Requires: the keys are sorted.
Outcome without_members(const Value& object, std::span<const Value* const> keys) {
  for (const auto* key : keys) {
    if (!key->is_string()) {
      return Failure{fmt::format("Cannot delete {} field of object", type_name(*key))};
    }
  }
  ObjectBuilder rest;
  for (const auto& member : object.members()) {
    const auto found = std::lower_bound(
        keys.begin(), keys.end(), member.name,
        [](const Value* key, std::string_view name) { return key->as_string() < name; });
    if (found == keys.end() || (*found)->as_string() != member.name) {
      rest.put(member.name, member.value);
    }
  }
  return std::move(rest).build();
}

/// Requires: the keys are sorted.
Outcome without_parts(Value container, std::span<const Value* const> keys, Resources& resources) {
  if (container.is_null() || keys.empty()) return container;
  if (!resources.spend((container.size() + keys.size()) * sizeof(Member))) {
    return resources.spent_steps();
  }
  if (container.is_array()) return without_items(container, keys);
  if (container.is_object()) return without_members(container, keys);
  return Failure{fmt::format("Cannot delete fields from {}", type_name(container))};
}

/// Deletes along sorted paths. Those that begin alike lie side by side, and the shortest of these
/// comes first, so each part that is changed is entered once.
class Deletion {
 public:
  Deletion(std::vector<const Value*> sorted_paths, Resources& resources)
      : paths_(std::move(sorted_paths)), resources_(resources) {}

  Outcome run(Value target) {
    open_.push_back({std::move(target), nullptr, 0, paths_.size(), {}});
    while (true) {
      auto& top = open_.back();
      if (top.next < top.end) {
        if (auto failure = descend()) return std::move(*failure);
        continue;
      }
      auto done = without_parts(std::move(top.value), top.doomed, resources_);
      const auto* key = top.key;
      open_.pop_back();
      if (!done || open_.empty()) return done;
      auto& parent = open_.back().value;
      auto changed = with_part(std::move(parent), *key, std::move(*done), resources_);
      if (!changed) return changed;
      parent = std::move(*changed);
    }
  }

 private:
  /// A part of the target below which something is deleted.
  struct Open {
    Value value;
    const Value* key;  // of it, in the one before
    std::size_t next;  // of the paths that lead through it
    std::size_t end;
    std::vector<const Value*> doomed;  // keys of its parts that go
  };

  const Value& key_at(std::size_t path) const { return paths_[path]->items()[open_.size() - 1]; }

  /// Handles the paths that go on with the same key as the next one.
  std::optional<Failure> descend() {
    auto& top = open_.back();
    const auto begin = top.next;
    const auto& key = key_at(begin);
    const bool is_last_key = paths_[begin]->size() == open_.size();
    while (top.next < top.end && key_at(top.next) == key) ++top.next;
    if (top.next == begin) ++top.next;  // NaN equals not even itself
    if (is_last_key) {
      top.doomed.push_back(&key);
      return std::nullopt;
    }
    auto part = take_part(top.value, key);
    if (!part) return std::move(part.error());
    if (!part->is_null()) {
      const auto end = top.next;
      open_.push_back({std::move(*part), &key, begin, end, {}});
    }
    return std::nullopt;
  }

  std::vector<const Value*> paths_;
  Resources& resources_;
  std::vector<Open> open_;
};

// --- the functions

Outcome getpath(Value input, std::span<Value> arguments, Resources& resources) {
  if (!arguments[0].is_array()) return Failure{"Path must be specified as an array"};
  if (!resources.spend(arguments[0].bytes())) return resources.spent_steps();
  return value_at(std::move(input), arguments[0].items());
}

Outcome setpath(Value input, std::span<Value> arguments, Resources& resources) {
  if (!arguments[0].is_array()) return Failure{"Path must be specified as an array"};
  if (!resources.spend(2 * arguments[0].bytes())) return resources.spent_steps();
  return with_value_at(std::move(input), arguments[0].items(), std::move(arguments[1]), resources);
}

Outcome delpaths(Value input, std::span<Value> arguments, Resources& resources) {
  return without_values_at(std::move(input), arguments[0], resources);
}

constexpr auto kFunctions = std::to_array<Function>({
    {"delpaths", 1, false, delpaths},
    {"getpath", 1, false, getpath},
    {"setpath", 2, false, setpath},
});

}  // namespace

Outcome value_at(Value target, std::span<const Value> path) {
  for (const auto& key : path) {
    auto part = index(target, key);
    if (!part) return part;
    target = std::move(*part);
  }
  return target;
}

Outcome with_value_at(Value target, std::span<const Value> path, Value value,
                      Resources& resources) {
  std::vector<Value> containers;
  containers.reserve(path.size());
  for (const auto& key : path) {
    auto part = take_part(target, key);
    if (!part) return part;
    containers.push_back(std::exchange(target, std::move(*part)));
  }
  for (auto i = path.size(); i > 0; --i) {
    auto changed =
        with_part(std::move(containers[i - 1]), path[i - 1], std::move(value), resources);
    if (!changed) return changed;
    value = std::move(*changed);
  }
  return value;
}

Outcome without_values_at(Value target, const Value& paths, Resources& resources) {
  if (!paths.is_array()) return Failure{"Paths must be specified as an array"};
  std::vector<const Value*> sorted;
  sorted.reserve(paths.size());
  for (const auto& path : paths.items()) {
    if (!path.is_array()) {
      return Failure{fmt::format("Path must be specified as array, not {}", type_name(path))};
    }
    sorted.push_back(&path);
  }
  if (sorted.empty()) return target;
  if (!resources.spend(paths.bytes() * 4)) return resources.spent_steps();
  std::sort(sorted.begin(), sorted.end(), [](const Value* left, const Value* right) {
    return std::is_lt(Value::compare(*left, *right));
  });
  if (sorted.front()->size() == 0) return Value();
  return Deletion(std::move(sorted), resources).run(std::move(target));
}

std::span<const Function> path_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
