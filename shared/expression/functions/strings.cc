#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/functions/tables.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::expression::detail {
namespace {

/// The character that begins the text: its bytes and its code point, U+FFFD for a byte that belongs
/// to none. Requires: !text.empty().
struct Character {
  explicit Character(std::string_view text) : size(utf8_length_at(text, 0)) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (size == 0) {
      size = 1;
      code_point = 0xFFFD;
      return;
    }
    code_point = size == 1 ? byte(0) : byte(0) & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) code_point = (code_point << 6) | (byte(i) & 0x3FU);
  }

  std::size_t size;
  char32_t code_point = 0;
};

/// Unicode's White_Space property.
bool is_space(char32_t code_point) {
  switch (code_point) {
    case 0x20:
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return true;
    default:
      return (code_point >= 0x09 && code_point <= 0x0D) ||
             (code_point >= 0x2000 && code_point <= 0x200A);
  }
}

std::string_view without_leading_space(std::string_view text) {
  while (!text.empty()) {
    const Character first(text);
    if (!is_space(first.code_point)) break;
    text.remove_prefix(first.size);
  }
  return text;
}

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty()) {
    auto begin = text.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) --begin;
    if (!is_space(Character(text.substr(begin)).code_point)) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

/// That part of a string; the string itself where it is all of it.
Value part_of(const Value& whole, std::string_view part) {
  return part.size() == whole.as_string().size() ? whole : Value::string(part);
}

Outcome startswith(Value input, std::span<Value> arguments, Resources&) {
  if (!input.is_string() || !arguments[0].is_string()) {
    return Failure{"startswith() requires string inputs"};
  }
  return Value::boolean(input.as_string().starts_with(arguments[0].as_string()));
}

Outcome endswith(Value input, std::span<Value> arguments, Resources&) {
  if (!input.is_string() || !arguments[0].is_string()) {
    return Failure{"endswith() requires string inputs"};
  }
  return Value::boolean(input.as_string().ends_with(arguments[0].as_string()));
}

Outcome ltrimstr(Value input, std::span<Value> arguments, Resources&) {
  if (!input.is_string() || !arguments[0].is_string()) return input;
  auto text = input.as_string();
  const auto prefix = arguments[0].as_string();
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return part_of(input, text);
}

Outcome rtrimstr(Value input, std::span<Value> arguments, Resources&) {
  if (!input.is_string() || !arguments[0].is_string()) return input;
  auto text = input.as_string();
  const auto suffix = arguments[0].as_string();
  if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
  return part_of(input, text);
}

Failure not_trimmable() {
  return {"trim input must be a string"};
}

Outcome trim(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) return not_trimmable();
  return part_of(input, without_trailing_space(without_leading_space(input.as_string())));
}

Outcome ltrim(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) return not_trimmable();
  return part_of(input, without_leading_space(input.as_string()));
}

Outcome rtrim(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) return not_trimmable();
  return part_of(input, without_trailing_space(input.as_string()));
}

/// The text with each letter from `first` to `last` swapped for that of the other case.
Value with_swapped_case(const Value& input, char first, char last) {
  constexpr char kCaseBit = 0x20;
  std::string text(input.as_string());
  for (auto& c : text) {
    if (c >= first && c <= last) c = static_cast<char>(c ^ kCaseBit);
  }
  return Value::string(text);
}

Outcome ascii_downcase(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) return Failure{"explode input must be a string"};
  return with_swapped_case(input, 'A', 'Z');
}

Outcome ascii_upcase(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) return Failure{"explode input must be a string"};
  return with_swapped_case(input, 'a', 'z');
}

Outcome explode(Value input, std::span<Value>, Resources& resources) {
  if (!input.is_string()) return Failure{"explode input must be a string"};
  auto text = input.as_string();
  const auto count = count_code_points(text);
  if (!resources.may_build(count * sizeof(Value))) return resources.spent_bytes();
  ArrayBuilder code_points(count);
  while (!text.empty()) {
    const Character first(text);
    code_points.add(Value::integer(first.code_point));
    text.remove_prefix(first.size);
  }
  return std::move(code_points).build();
}

Outcome implode(Value input, std::span<Value>, Resources&) {
  if (!input.is_array()) return Failure{"implode input must be an array"};
  constexpr double kBeyond = 0x110000;
  std::string text;
  for (const auto& item : input.items()) {
    if (!item.is_number()) {
      return Failure{described(item) + " can't be imploded, unicode codepoint needs to be numeric"};
    }
    const double number = item.as_number();
    const bool exists = number > -1 && number < kBeyond;
    append_utf8(text, exists ? static_cast<char32_t>(number) : 0xFFFD);
  }
  return Value::string(text);
}

Outcome split(Value input, std::span<Value> arguments, Resources& resources) {
  if (!input.is_string() || !arguments[0].is_string()) {
    return Failure{"split input and separator must be strings"};
  }
  return apply(Operator::divide, std::move(input), std::move(arguments[0]), resources);
}

/// What `.[]` gives, without a copy.
class Items {
 public:
  explicit Items(const Value& container)
      : items_(container.items()), members_(container.members()) {}

  std::size_t size() const { return items_.size() + members_.size(); }
  const Value& operator[](std::size_t i) const {
    return members_.empty() ? items_[i] : members_[i].value;
  }

 private:
  std::span<const Value> items_;
  std::span<const Member> members_;
};

Outcome join(Value input, std::span<Value> arguments, Resources& resources) {
  if (!input.is_array() && !input.is_object()) {
    return Failure{fmt::format("Cannot iterate over {}", described(input))};
  }
  const auto& separator = arguments[0];
  const Items items(input);
  if (!resources.spend(items.size() * separator.bytes())) return resources.spent_steps();
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& item = items[i];
    if (i > 0) {
      // Adding is what jq does, and what knows how to refuse it.
      if (!separator.is_string() && !separator.is_null()) {
        return apply(Operator::add, Value::string(text), separator, resources);
      }
      if (separator.is_string()) text += separator.as_string();
    }
    if (item.is_array() || item.is_object()) {
      return apply(Operator::add, Value::string(text), item, resources);
    }
    if (item.is_string()) {
      text += item.as_string();
    } else if (!item.is_null()) {
      append_json(text, item);
    }
    if (!resources.may_build(text.size())) return resources.spent_bytes();
  }
  return Value::string(text);
}

Outcome utf8bytelength(Value input, std::span<Value>, Resources&) {
  if (!input.is_string()) {
    return Failure{described(input) + " only strings have UTF-8 byte length"};
  }
  return Value::integer(static_cast<std::int64_t>(input.as_string().size()));
}

constexpr auto kFunctions = std::to_array<Function>({
    {"ascii_downcase", 0, true, ascii_downcase},
    {"ascii_upcase", 0, true, ascii_upcase},
    {"endswith", 1, false, endswith},
    {"explode", 0, true, explode},
    {"implode", 0, true, implode},
    {"join", 1, true, join},
    {"ltrim", 0, true, ltrim},
    {"ltrimstr", 1, true, ltrimstr},
    {"rtrim", 0, true, rtrim},
    {"rtrimstr", 1, true, rtrimstr},
    {"split", 1, true, split},
    {"startswith", 1, false, startswith},
    {"trim", 0, true, trim},
    {"utf8bytelength", 0, false, utf8bytelength},
});

}  // namespace

std::span<const Function> string_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
