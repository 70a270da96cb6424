#include "shared/expression/functions/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::expression::detail {
namespace {

constexpr std::size_t kMaxDepth = 10'000;  // jq's

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// jq's numbers without a sign: of digits with a point anywhere, or a name.
bool is_number_text(std::string_view text) {
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(), lowered);
  if (name == "nan" || name == "inf" || name == "infinity") return true;
  std::size_t at = 0;
  const auto skip_digits = [&] {
    const auto begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  auto digits = skip_digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits += skip_digits();
  }
  if (digits == 0) return false;
  if (at < text.size() && lowered(text[at]) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (skip_digits() == 0) return false;
  }
  return at == text.size();
}

std::optional<Value> number_of(std::string_view text) {
  const bool has_sign = text.starts_with('-') || text.starts_with('+');
  if (!is_number_text(text.substr(has_sign ? 1 : 0))) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t integer = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, integer);
  if (parsed.ec == std::errc() && parsed.ptr == end && (integer != 0 || text[0] != '-')) {
    return Value::integer(integer);
  }
  return Value::number(std::strtod(std::string(text).c_str(), nullptr));
}

/// Why what stands between two quotes is no string.
std::string_view fault_of_string(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) < 0x20) {
      return "Invalid string: control characters from U+0000 through U+001F must be escaped";
    }
    if (text[at] != '\\') continue;
    ++at;
    if (text[at] != 'u') {
      if (std::string_view("\"\\/bfnrt").find(text[at]) == std::string_view::npos) break;
      continue;
    }
    const auto digits = text.substr(at + 1, 4);
    if (digits.size() < 4) return "Invalid \\uXXXX escape";
    const bool are_hex = std::all_of(digits.begin(), digits.end(), [](char c) {
      return is_digit(c) || (lowered(c) >= 'a' && lowered(c) <= 'f');
    });
    if (!are_hex) return "Invalid characters in \\uXXXX escape";
    at += 4;
  }
  return "Invalid escape";
}

/// Goes through a text character by character. It looks at what one character does as jq does, so
/// that faults are found where jq finds them.
class TolerantReader {
 public:
  explicit TolerantReader(std::string_view text) : text_(text) {}

  Outcome read() {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      ++column_;
      if (text_[at] == '\n') {
        ++line_;
        column_ = 0;
      }
      take(at);
      if (!fault_.empty()) {
        return failure(fmt::format("{} at line {}, column {}", fault_, line_, column_));
      }
      if (extra_) return failure("Unexpected extra JSON values");
    }
    return finish();
  }

 private:
  struct Open {
    bool is_object;
    ArrayBuilder items;
    ObjectBuilder members;
    std::optional<Value> name;  // of the member whose value comes
  };

  void take(std::size_t at) {
    const char c = text_[at];
    if (string_begin_ != kNone) {
      if (is_escaped_) {
        is_escaped_ = false;
      } else if (c == '\\') {
        is_escaped_ = true;
      } else if (c == '"') {
        end_string(at);
      }
      return;
    }
    constexpr std::string_view kSpace = " \t\r\n";
    constexpr std::string_view kStructure = "[]{}:,";
    const bool is_structure = kStructure.find(c) != std::string_view::npos;
    if (!is_structure && c != '"' && kSpace.find(c) == std::string_view::npos) {
      if (literal_begin_ == kNone) literal_begin_ = at;
      return;
    }
    end_literal(at);
    if (!fault_.empty()) return;
    if (c == '"') string_begin_ = at + 1;
    if (is_structure) take_structure(c);
    end_text();
  }

  void take_structure(char c) {
    switch (c) {
      case '[':
      case '{':
        return open(c == '{');
      case ':':
        return take_colon();
      case ',':
        return take_comma();
      case ']':
        return close_array();
      default:
        return close_object();
    }
  }

  void open(bool is_object) {
    if (open_.size() >= kMaxDepth) return fail("Exceeds depth limit for parsing");
    if (value_) return fail("Expected separator between values");
    open_.push_back({is_object, {}, {}, {}});
  }

  void take_colon() {
    if (!value_) return fail("Expected string key before ':'");
    if (!is_in_object() || open_.back().name) return fail("':' not as part of an object");
    if (!value_->is_string()) return fail("Object keys must be strings");
    open_.back().name = std::exchange(value_, std::nullopt);
  }

  void take_comma() {
    if (!value_) return fail("Expected value before ','");
    add_value();
  }

  void close_array() {
    if (open_.empty() || is_in_object()) return fail("Unmatched ']'");
    auto& items = open_.back().items;
    if (value_) {
      add_value();
    } else if (items.size() > 0) {
      return fail("Expected another array element");
    }
    value_ = std::move(items).build();
    open_.pop_back();
  }

  void close_object() {
    if (open_.empty()) return fail("Unmatched '}'");
    auto& members = open_.back().members;
    if (value_) {
      if (!is_in_object()) return fail("Objects must consist of key:value pairs");
      add_value();
      if (!fault_.empty()) return;
    } else if (!is_in_object() || open_.back().name) {
      return fail("Unmatched '}'");
    } else if (members.size() > 0) {
      return fail("Expected another key-value pair");
    }
    value_ = std::move(members).build();
    open_.pop_back();
  }

  bool is_in_object() const { return !open_.empty() && open_.back().is_object; }

  /// Puts the value into what is open.
  void add_value() {
    auto& top = open_.back();
    auto value = std::move(*std::exchange(value_, std::nullopt));
    if (!top.is_object) {
      top.items.add(std::move(value));
    } else if (top.name) {
      top.members.put(top.name->as_string(), std::move(value));
      top.name.reset();
    } else {
      fail("Objects must consist of key:value pairs");
    }
  }

  void set_value(Value value) {
    if (value_) return fail("Expected separator between values");
    value_ = std::move(value);
  }

  void end_string(std::size_t at) {
    const auto text = text_.substr(string_begin_, at - string_begin_);
    auto value = parse_json(text_.substr(string_begin_ - 1, text.size() + 2));
    string_begin_ = kNone;
    if (!value) return fail(fault_of_string(text));
    set_value(std::move(*value));
    if (fault_.empty()) end_text();
  }

  void end_literal(std::size_t at) {
    if (literal_begin_ == kNone) return;
    const auto text = text_.substr(literal_begin_, at - literal_begin_);
    literal_begin_ = kNone;
    for (const auto& [word, value] :
         {std::pair<std::string_view, Value>("true", Value::boolean(true)),
          std::pair<std::string_view, Value>("false", Value::boolean(false)),
          std::pair<std::string_view, Value>("null", Value())}) {
      if (text[0] != word[0] || (text[0] == 'n' && text.size() == 3)) continue;
      if (text != word) return fail("Invalid literal");
      set_value(value);
      return fault_.empty() ? end_text() : void();
    }
    if (text[0] == '\'') return fail("Invalid string literal; expected \", but got '");
    auto number = number_of(text);
    if (!number) return fail("Invalid numeric literal");
    set_value(std::move(*number));
    if (fault_.empty()) end_text();
  }

  /// Outside of all arrays and objects, a value is a text of its own.
  void end_text() {
    if (!fault_.empty() || !open_.empty() || !value_) return;
    auto value = std::move(*std::exchange(value_, std::nullopt));
    if (result_) {
      extra_ = true;
    } else {
      result_ = std::move(value);
    }
  }

  Outcome finish() {
    if (string_begin_ != kNone) {
      fail("Unfinished string");
    } else {
      end_literal(text_.size());
      if (fault_.empty() && !open_.empty()) fail("Unfinished JSON term");
    }
    if (!fault_.empty()) {
      return failure(fmt::format("{} at EOF at line {}, column {}", fault_, line_, column_));
    }
    if (extra_) return failure("Unexpected extra JSON values");
    if (!result_) return failure("Expected JSON value");
    return std::move(*result_);
  }

  void fail(std::string_view fault) { fault_ = fault; }

  Failure failure(std::string_view message) const {
    constexpr std::size_t kMaxShown = 4096;
    return {fmt::format("{} (while parsing '{}')", message, text_.substr(0, kMaxShown))};
  }

  static constexpr auto kNone = std::numeric_limits<std::size_t>::max();

  std::string_view text_;
  std::size_t line_ = 1;
  std::size_t column_ = 0;  // in bytes, as jq counts
  std::vector<Open> open_;
  std::optional<Value> value_;  // that waits to be put somewhere
  std::optional<Value> result_;
  bool extra_ = false;  // whether another value came after the result
  std::size_t literal_begin_ = kNone;
  std::size_t string_begin_ = kNone;
  bool is_escaped_ = false;
  std::string_view fault_;
};

}  // namespace

Outcome read_json(std::string_view text) {
  if (auto value = parse_json(text, {kMaxDepth, text.size()})) return std::move(*value);
  if (find_invalid_utf8(text) == std::string_view::npos) return TolerantReader(text).read();
  const auto repaired = repair_utf8(text);
  return TolerantReader(repaired).read();
}

}  // namespace tba::expression::detail
