#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/machine.h"
#include "shared/suggestion.h"
#include "shared/value/json.h"

namespace tba::expression::detail {
namespace {

constexpr std::size_t kBytesPerKey = 48;       // what a key of a path is spent as
constexpr std::size_t kMaxSuggestions = 1000;  // members that are looked at for a near name

constexpr std::string_view kMissingHint =
    "'.a.b?' reads as null where there is no such key, '.a.b // \"x\"' as a default";

const Value kNull{};

std::string_view text_of(const Code& code, std::size_t begin, std::size_t end) {
  return std::string_view(code.source).substr(begin, end - begin);
}

/// Why a strict path cannot read that key.
Problem missing_key(std::string_view parent_text, const Value& parent, const Value& key,
                    std::size_t offset, std::size_t length) {
  const auto name = key.is_string() ? fmt::format("key '{}'", key.as_string())
                                    : fmt::format("item {}", to_json(key));
  if (parent.is_null()) {
    return {offset, length, fmt::format("'{}' is null, so it has no {}", parent_text, name),
            std::string(kMissingHint)};
  }
  if (parent.is_array()) {
    return {offset, length,
            fmt::format("'{}' has no {}: it has {} item{}", parent_text, name, parent.size(),
                        parent.size() == 1 ? "" : "s"),
            std::string(kMissingHint)};
  }
  std::vector<std::string> names;
  for (const auto& member : parent.members()) {
    if (names.size() == kMaxSuggestions) break;
    names.emplace_back(member.name);
  }
  return {offset, length,
          fmt::format("'{}' has no {}{}", parent_text, name, did_you_mean(key.as_string(), names)),
          std::string(kMissingHint)};
}

/// The item at that position; null if there is none.
const Value* item_at(const Value& array, const Value& key) {
  const auto items = array.items();
  auto position = key.as_number();
  if (position < 0) position += static_cast<double>(items.size());
  if (!(position >= 0 && position < static_cast<double>(items.size()))) return nullptr;
  return &items[static_cast<std::size_t>(position)];
}

/// Whether jq reads null there, though there is nothing.
bool is_missing(const Value& parent, const Value& key) {
  if (key.is_string()) {
    return parent.is_null() || (parent.is_object() && parent.find(key.as_string()) == nullptr);
  }
  if (!key.is_number()) return false;
  return parent.is_null() || (parent.is_array() && item_at(parent, key) == nullptr);
}

}  // namespace

const void* storage_of(const Value& value) {
  if (value.is_string()) return value.as_string().data();
  if (value.is_array()) return value.items().data();
  return value.members().data();
}

Found follow(const Code& code, const Path& path, const Value& from) {
  const auto* at = &from;
  for (const auto& step : path.keys) {
    if (step.key.is_string() && at->is_object()) {
      if (const auto* found = at->find(step.key.as_string())) {
        at = found;
        continue;
      }
    } else if (step.key.is_integer() && at->is_array()) {
      if (const auto* found = item_at(*at, step.key)) {
        at = found;
        continue;
      }
    } else if (!at->is_null()) {
      return {nullptr, {step.offset, step.length, index(*at, step.key).error().message, {}}};
    }
    if ((path.flags & kStrict) != 0) {
      return {nullptr, missing_key(text_of(code, path.offset, step.parent_end), *at, step.key,
                                   step.offset, step.length)};
    }
    at = &kNull;
  }
  return {at, {}};
}

Found follow(const Code& code, const Path& path, const Context& context) {
  if (const auto* root = context.find(path.root)) return follow(code, path, *root);
  if ((path.flags & kStrict) == 0) return {&kNull, {}};
  return {nullptr,
          {path.offset,
           path.length,
           fmt::format("'{}' is not available here",
                       text_of(code, path.offset, path.offset + path.length)),
           {}}};
}

// --- reading

Machine::Step Machine::push_rooted(const Instruction& instruction) {
  const auto& path = code_.paths[instruction.operand];
  auto found = follow(code_, path, *context_);
  if (found.value == nullptr) {
    return fail(std::move(found.problem), (path.flags & kOptional) != 0);
  }
  push(*found.value);
  return Step::on;
}

Machine::Step Machine::read_path(const Instruction& instruction) {
  const auto& path = code_.paths[instruction.operand];
  if (follows() && !is_on_way(top())) {
    return off_way_at_key(instruction, top(), path.keys.front().key);
  }
  auto found = follow(code_, path, top());
  if (found.value == nullptr) {
    return fail(std::move(found.problem), (path.flags & kOptional) != 0);
  }
  Value value = *found.value;
  if (follows()) {
    for (const auto& step : path.keys) go(step.key, value);
  }
  replace_top(std::move(value));
  return Step::on;
}

Machine::Step Machine::peek_path(const Instruction& instruction, const Value& from) {
  const auto& path = code_.paths[instruction.operand];
  auto found = follow(code_, path, from);
  if (found.value == nullptr) {
    return fail(std::move(found.problem), (path.flags & kOptional) != 0);
  }
  push(Value(*found.value));
  return Step::on;
}

Machine::Step Machine::index_value(const Instruction& instruction) {
  const auto target = pop();
  auto key = pop();
  if (follows() && !is_on_way(target)) return off_way_at_key(instruction, target, key);
  if ((instruction.flags & kStrict) != 0 && is_missing(target, key)) {
    return fail(missing_key(text_of(code_, instruction.offset, instruction.operand), target, key,
                            instruction.offset, instruction.length),
                false);
  }
  auto outcome = index(target, key);
  if (outcome && follows()) go(std::move(key), *outcome);
  return give(instruction, std::move(outcome));
}

Machine::Step Machine::slice_value(const Instruction& instruction) {
  const auto target = pop();
  auto to = pop();
  auto from = pop();
  if (!resources_.spend(target.is_string() ? target.bytes() : 0)) {
    return fail(instruction, resources_.spent_steps());
  }
  auto outcome = slice(target, from, to);
  if (follows()) {
    auto key = Value::object({{"start", std::move(from)}, {"end", std::move(to)}});
    if (!is_on_way(target)) return off_way_at_key(instruction, target, key);
    if (outcome) go(std::move(key), *outcome);
  }
  if (outcome && grown(instruction) == Step::failed) return Step::failed;
  return give(instruction, std::move(outcome));
}

Machine::Step Machine::get_path(const Instruction& instruction) {
  const auto path = pop();
  const auto value = pop();
  static const auto kGetPath = *find_function("getpath", 1);
  Value argument = path;
  auto outcome = functions()[kGetPath].evaluate(value, std::span(&argument, 1), resources_);
  if (outcome && follows()) {
    if (!is_on_way(value)) {
      return fail(instruction,
                  {"Invalid path expression with result " + abbreviated(value, kLongText)});
    }
    for (const auto& key : path.items()) go(key, *outcome);
  }
  return give(instruction, std::move(outcome));
}

// --- the way

void Machine::begin_path(const Instruction& instruction) {
  variable(instruction) = Value::integer(way_);
  ways_.push_back({kNoWay, Value(), top()});
  way_ = static_cast<std::uint32_t>(ways_.size() - 1);
}

Machine::Step Machine::end_path(const Instruction& instruction) {
  if (!is_on_way(top())) {
    return fail(instruction,
                {"Invalid path expression with result " + abbreviated(top(), kLongText)});
  }
  std::vector<Value> keys;
  for (auto way = way_; ways_[way].before != kNoWay; way = ways_[way].before) {
    keys.push_back(ways_[way].key);
  }
  if (!resources_.spend(keys.size() * kBytesPerKey)) {
    return fail(instruction, resources_.spent_steps());
  }
  std::reverse(keys.begin(), keys.end());
  replace_top(Value::array(std::move(keys)));
  way_ = static_cast<std::uint32_t>(variable(instruction).as_integer());
  return grown(instruction);
}

/// Whether that is the value the way has led to, not a new one.
bool Machine::is_on_way(const Value& value) const {
  const auto& reached = ways_[way_].value;
  if (reached.kind() != value.kind()) return false;
  const bool is_scalar = !value.is_string() && !value.is_array() && !value.is_object();
  return is_scalar ? value == reached : storage_of(value) == storage_of(reached);
}

void Machine::go(Value key, const Value& value) {
  ways_.push_back({way_, std::move(key), value});
  way_ = static_cast<std::uint32_t>(ways_.size() - 1);
}

Machine::Step Machine::off_way_at_key(const Instruction& instruction, const Value& target,
                                      const Value& key) {
  return fail(instruction,
              {fmt::format("Invalid path expression near attempt to access element {} of {}",
                           abbreviated(key, kShortText), abbreviated(target, kLongText))});
}

}  // namespace tba::expression::detail
