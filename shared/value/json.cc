#include "shared/value/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "shared/value/utf8.h"

namespace tba {
namespace {

namespace dom = simdjson::dom;

/// An array of simdjson's whose items are being read: `take` gives the value of the current one.
class OpenArray {
 public:
  explicit OpenArray(dom::array array)
      : item_(array.begin()), end_(array.end()), builder_(array.size()) {}

  bool at_end() const { return item_ == end_; }
  dom::element current() const { return *item_; }
  void take(Value value) {
    builder_.add(std::move(value));
    ++item_;
  }
  Value build() { return std::move(builder_).build(); }

 private:
  dom::array::iterator item_;
  dom::array::iterator end_;
  ArrayBuilder builder_;
};

/// The same for an object, for which exactly the memory needed is taken.
class OpenObject {
 public:
  explicit OpenObject(dom::object object)
      : member_(object.begin()), end_(object.end()), builder_(room_for(object)) {}

  bool at_end() const { return member_ == end_; }
  dom::element current() const { return member_.value(); }
  void take(Value value) {
    builder_.put(member_.key(), std::move(value));
    ++member_;
  }
  Value build() { return std::move(builder_).build(); }

 private:
  static ObjectBuilder room_for(dom::object object) {
    std::size_t count = 0;
    std::size_t name_bytes = 0;
    const auto end = object.end();
    for (auto member = object.begin(); member != end; ++member) {
      ++count;
      name_bytes += member.key_length();
    }
    return ObjectBuilder(count, name_bytes);
  }

  dom::object::iterator member_;
  dom::object::iterator end_;
  ObjectBuilder builder_;
};

using Open = std::variant<OpenArray, OpenObject>;

/// Gives a scalar's value, or opens an array or object and gives nothing.
std::optional<Value> enter(dom::element element, std::vector<Open>& open) {
  switch (element.type()) {
    case dom::element_type::ARRAY:
      open.emplace_back(OpenArray(element.get_array().value_unsafe()));
      return std::nullopt;
    case dom::element_type::OBJECT:
      open.emplace_back(OpenObject(element.get_object().value_unsafe()));
      return std::nullopt;
    case dom::element_type::STRING:
      return Value::string(element.get_string().value_unsafe());
    case dom::element_type::INT64:
      return Value::integer(element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return Value::number(static_cast<double>(element.get_uint64().value_unsafe()));
    case dom::element_type::DOUBLE:
      return Value::number(element.get_double().value_unsafe());
    case dom::element_type::BOOL:
      return Value::boolean(element.get_bool().value_unsafe());
    case dom::element_type::NULL_VALUE:
      return Value();
  }
  return Value();
}

Value build(dom::element root) {
  std::vector<Open> open;
  open.reserve(16);
  auto done = enter(root, open);
  while (!open.empty()) {
    const auto next = std::visit(
        [&done](auto& top) -> std::optional<dom::element> {
          if (done) top.take(std::move(*done));
          if (!top.at_end()) return top.current();
          done = top.build();
          return std::nullopt;
        },
        open.back());
    if (next) {
      done = enter(*next, open);
    } else {
      open.pop_back();
    }
  }
  return std::move(*done);
}

/// Reads what simdjson refuses: accepts what RFC 8259 allows beyond it (numbers of any size, deeper
/// nesting, a byte order mark, halves of surrogate pairs, which become U+FFFD), and says of
/// everything else where and why it is wrong.
class CarefulReader {
 public:
  CarefulReader(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  Result<Value> read() {
    auto value = read_text();
    if (!value) return std::move(error_);
    return std::move(*value);
  }

 private:
  struct OpenContainer {
    bool is_object;
    ArrayBuilder items;
    ObjectBuilder members;
    std::string name;  // of the member that is being read
  };

  std::optional<Value> read_text() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    if (const auto bad = find_invalid_utf8(text_); bad != std::string_view::npos) {
      at_ = bad;
      return fail("the text is not valid UTF-8");
    }
    std::vector<OpenContainer> open;
    while (true) {
      auto value = begin_value(open);
      if (failed_) return std::nullopt;
      while (value) {
        skip_space();
        if (open.empty()) {
          if (at_ < text_.size()) return fail("unexpected text after the JSON value");
          return value;
        }
        auto& top = open.back();
        if (top.is_object) {
          top.members.put(top.name, std::move(*value));
        } else {
          top.items.add(std::move(*value));
        }
        value.reset();
        if (skip(',')) {
          if (top.is_object && !read_name(top.name)) return std::nullopt;
        } else if (skip(top.is_object ? '}' : ']')) {
          value = close(open);
        } else {
          return fail(top.is_object ? "expected ',' or '}' here" : "expected ',' or ']' here");
        }
      }
    }
  }

  /// A scalar or an empty container as a value; nothing where a container was opened, or on
  /// failure.
  std::optional<Value> begin_value(std::vector<OpenContainer>& open) {
    skip_space();
    const bool is_object = peek() == '{';
    if (!is_object && peek() != '[') return read_scalar();
    if (open.size() == limits_.depth) {
      return fail(fmt::format("nested deeper than {} levels", limits_.depth),
                  ErrorCode::limit_exceeded);
    }
    ++at_;
    open.push_back({is_object, {}, {}, {}});
    skip_space();
    if (skip(is_object ? '}' : ']')) return close(open);
    if (is_object) read_name(open.back().name);
    return std::nullopt;
  }

  static Value close(std::vector<OpenContainer>& open) {
    auto& top = open.back();
    auto value = top.is_object ? std::move(top.members).build() : std::move(top.items).build();
    open.pop_back();
    return value;
  }

  bool read_name(std::string& name) {
    skip_space();
    if (peek() != '"') return fail("expected a member's name in double quotes"), false;
    if (!read_string(name)) return false;
    skip_space();
    if (!skip(':')) return fail("expected ':' after the member's name"), false;
    return true;
  }

  std::optional<Value> read_scalar() {
    if (at_ == text_.size()) {
      return fail(text_.empty() ? "the text is empty" : "the text ends where a value is expected");
    }
    if (peek() == '"') {
      std::string text;
      if (!read_string(text)) return std::nullopt;
      return Value::string(text);
    }
    if (peek() == '-' || is_digit(peek())) return read_number();
    for (const auto& [word, value] :
         {std::pair("null", Value()), std::pair("true", Value::boolean(true)),
          std::pair("false", Value::boolean(false))}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += std::string_view(word).size();
        return value;
      }
    }
    return fail("expected a JSON value here");
  }

  std::optional<Value> read_number() {
    const auto begin = at_;
    skip('-');
    bool is_integer = true;
    const bool leading_zero = peek() == '0';
    const auto digits = skip_digits();
    if (digits == 0 || (leading_zero && digits > 1)) {
      at_ = begin;
      return fail("this is no JSON number");
    }
    if (skip('.')) {
      is_integer = false;
      if (skip_digits() == 0) return fail("expected a digit after the decimal point");
    }
    if (peek() == 'e' || peek() == 'E') {
      is_integer = false;
      ++at_;
      if (!skip('+')) skip('-');
      if (skip_digits() == 0) return fail("expected a digit in the exponent");
    }
    const std::string number(text_.substr(begin, at_ - begin));
    std::int64_t integer = 0;
    if (is_integer && number != "-0" &&
        std::from_chars(number.data(), number.data() + number.size(), integer).ec == std::errc()) {
      return Value::integer(integer);
    }
    return Value::number(std::strtod(number.c_str(), nullptr));
  }

  /// Reads from the opening quote to behind the closing one.
  bool read_string(std::string& out) {
    out.clear();
    const auto begin = at_++;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return fail("a control character in a string must be escaped"), false;
      }
      if (c != '\\') {
        out += c;
        ++at_;
      } else if (!read_escape(out)) {
        return false;
      }
    }
    at_ = begin;
    return fail("the string is not closed"), false;
  }

  bool read_escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (const auto index = kLetters.find(letter);
        letter != '\0' && index != std::string_view::npos) {
      out += kMeanings[index];
      at_ += 2;
      return true;
    }
    const auto first = unit_at(at_);
    if (!first) return fail("this is no JSON escape"), false;
    at_ += 6;
    const auto second = *first >= 0xD800 && *first < 0xDC00 ? unit_at(at_) : std::nullopt;
    if (second && *second >= 0xDC00 && *second < 0xE000) {
      at_ += 6;
      append_utf8(out, 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
    } else {
      append_utf8(out, *first);
    }
    return true;
  }

  /// The UTF-16 unit of a `\uXXXX` at that offset.
  std::optional<char32_t> unit_at(std::size_t offset) const {
    const auto escape = text_.substr(std::min(offset, text_.size()), 6);
    unsigned unit = 0;
    if (escape.size() < 6 || !escape.starts_with("\\u")) return std::nullopt;
    const auto* end = escape.data() + escape.size();
    const auto parsed = std::from_chars(escape.data() + 2, end, unit, 16);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return static_cast<char32_t>(unit);
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool skip(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::size_t skip_digits() {
    const auto begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ - begin;
  }
  void skip_space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
  }

  std::nullopt_t fail(std::string message, ErrorCode code = ErrorCode::invalid) {
    const auto before = text_.substr(0, at_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    failed_ = true;
    error_ = {code,
              fmt::format("line {}, column {}: {}", line,
                          count_code_points(before.substr(line_start)) + 1, message),
              {}};
    return std::nullopt;
  }

  std::string_view text_;
  const JsonLimits& limits_;
  std::size_t at_ = 0;
  bool failed_ = false;
  Error error_;
};

// --- writing -------------------------------------------------------------------------------------

/// Which bytes of a string cannot be copied as they are: 1 for those that are escaped, 2 for those
/// beyond ASCII, whose well-formedness is checked.
constexpr auto kSpecial = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 1;
  for (std::size_t c = 0x80; c < 0x100; ++c) table[c] = 2;
  table['"'] = table['\\'] = table[0x7F] = 1;
  return table;
}();

void append_escape(std::string& out, char c) {
  constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  out += '\\';
  if (const auto index = kMeanings.find(c); index != std::string_view::npos) {
    out += kLetters[index];
  } else {
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(c);
    out += "u00";
    out += kHex[code >> 4];
    out += kHex[code & 0xF];
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::string repaired;
  std::size_t begin = 0;
  bool checked = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto special = kSpecial[static_cast<unsigned char>(text[i])];
    if (special == 0) continue;
    if (special == 1) {
      out.append(text, begin, i - begin);
      append_escape(out, text[i]);
      begin = i + 1;
    } else if (!checked) {
      checked = true;
      if (!simdjson::validate_utf8(text)) {
        repaired = text.substr(0, i);
        repaired += repair_utf8(text.substr(i));
        text = repaired;
      }
    }
  }
  out.append(text, begin, text.size() - begin);
  out += '"';
}

void append_integer(std::string& out, std::int64_t number) {
  std::array<char, 20> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  out.append(buffer.data(), end);
}

/// The shortest digits that read back as the same number, laid out as jq does: plain while the
/// point is near the digits, else with an exponent of at least two.
void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "null";
    return;
  }
  constexpr double kLargest = std::numeric_limits<double>::max();
  number = std::clamp(number, -kLargest, kLargest);
  std::array<char, 32> buffer;
  const auto* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                  std::chars_format::scientific)
                        .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = text.find('e');
  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  int exponent = 0;
  const auto sign = text[e + 1] == '-' ? -1 : 1;
  std::from_chars(text.data() + e + 2, end, exponent);
  exponent *= sign;
  const auto count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // position of the point, counted from the first digit

  if (number < 0 || text[0] == '-') out += '-';
  if (digits == "0") {
    out += '0';
  } else if (point <= -4 || point > count + 15) {
    out += digits[0];
    if (count > 1) out.append(1, '.').append(digits, 1);
    out += fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  } else if (point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (point >= count) {
    out.append(digits).append(static_cast<std::size_t>(point - count), '0');
  } else {
    const auto whole = static_cast<std::size_t>(point);
    out.append(digits, 0, whole).append(1, '.').append(digits, whole);
  }
}

void append_scalar(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      out += "null";
      break;
    case Value::Kind::boolean:
      out += value.as_boolean() ? "true" : "false";
      break;
    case Value::Kind::integer:
      append_integer(out, value.as_integer());
      break;
    case Value::Kind::number:
      append_number(out, value.as_number());
      break;
    case Value::Kind::string:
      append_string(out, value.as_string());
      break;
    case Value::Kind::array:
      out += "[]";
      break;
    case Value::Kind::object:
      out += "{}";
      break;
  }
}

using Order = std::vector<std::uint32_t>;

/// The places of an object's members in order of their names: bytes of UTF-8 order as code points.
Order order_by_name(const Value& value) {
  const auto members = value.members();
  Order order(members.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    return members[left].name < members[right].name;
  });
  return order;
}

}  // namespace

namespace {

/// Whether there may be a number -0, which simdjson reads as 0; true also for some strings.
bool may_have_negative_zero(std::string_view text) {
  for (auto at = text.find("-0"); at != std::string_view::npos; at = text.find("-0", at + 2)) {
    const bool begins =
        at == 0 || std::string_view(" \t\r\n[:,").find(text[at - 1]) != std::string_view::npos;
    const bool ends = at + 2 == text.size() ||
                      std::string_view(" \t\r\n]},").find(text[at + 2]) != std::string_view::npos;
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

Result<Value> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return Error{
        ErrorCode::limit_exceeded,
        fmt::format("the JSON text has {} bytes; at most {} are read", text.size(), limits.bytes),
        {}};
  }
  // simdjson copies from null where there is no text.
  if (text.empty() || may_have_negative_zero(text)) return CarefulReader(text, limits).read();
  constexpr std::size_t kKeptCapacity = std::size_t{1} << 20;
  thread_local dom::parser parser;
  dom::element root;
  const auto error = parser.parse(text.data(), text.size()).get(root);
  if (error != simdjson::SUCCESS) return CarefulReader(text, limits).read();
  auto value = build(root);
  if (parser.capacity() > kKeptCapacity) parser = dom::parser();
  if (value.depth() > limits.depth) return CarefulReader(text, limits).read();
  return value;
}

std::string to_json(const Value& value, const JsonStyle& style) {
  std::string text;
  append_json(text, value, style);
  return text;
}

namespace {

/// Stops once `out` has that many bytes.
void write_json(std::string& out, const Value& value, const JsonStyle& style, std::size_t enough) {
  struct Container {
    const Value* value;
    std::size_t next;
    Order order;  // of an object's members, where names are sorted
  };
  std::vector<Container> open;
  const auto begin = [&](const Value& part) {
    if (part.is_string() && part.as_string().size() > enough) {
      append_string(out, part.as_string().substr(0, enough));
    } else if (part.size() == 0) {
      append_scalar(out, part);
    } else {
      out += part.is_array() ? '[' : '{';
      open.push_back({&part, 0, style.sort_names ? order_by_name(part) : Order()});
    }
  };
  const auto break_line = [&] {
    if (style.indent == 0) return;
    out.append(1, '\n').append(open.size() * style.indent, style.tabs ? '\t' : ' ');
  };
  begin(value);
  while (!open.empty() && out.size() < enough) {
    const auto& container = *open.back().value;
    const auto index = open.back().next++;
    if (index == container.size()) {
      open.pop_back();
      break_line();
      out += container.is_array() ? ']' : '}';
      continue;
    }
    if (index > 0) out += ',';
    break_line();
    if (container.is_array()) {
      begin(container.items()[index]);
    } else {
      const auto& order = open.back().order;
      const auto& member = container.members()[order.empty() ? index : order[index]];
      append_string(out, member.name.substr(0, enough));
      out += style.indent > 0 ? ": " : ":";
      begin(member.value);
    }
  }
}

}  // namespace

void append_json(std::string& out, const Value& value, const JsonStyle& style) {
  write_json(out, value, style, std::string::npos);
}

std::string json_beginning(const Value& value, std::size_t bytes) {
  std::string text;
  write_json(text, value, JsonStyle::compact, bytes);
  return text;
}

}  // namespace tba
