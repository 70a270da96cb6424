#include "shared/expression/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "shared/value/utf8.h"

namespace tba::expression {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
  return begins_name(c) || is_digit(c);
}

/// Longer ones first where one begins with another.
constexpr auto kSymbols = std::to_array<std::string_view>(
    {"?//", "//=", "!=", "==", "//", "|=", "+=", "-=", "*=", "/=", "%=", "<=",
     ">=",  "..",  ".",  "[",  "]",  "{",  "}",  "(",  ")",  ",",  ":",  ";",
     "|",   "=",   "<",  ">",  "+",  "-",  "*",  "/",  "%",  "?"});

/// What a name can follow at once.
constexpr auto kSigns = std::to_array<std::pair<char, Token::Kind>>(
    {{'.', Token::Kind::field}, {'$', Token::Kind::variable}, {'@', Token::Kind::format}});

}  // namespace

std::optional<Token> Lexer::next() {
  skip_space();
  const auto begin = at_;
  const auto rest = source_.substr(at_);
  const auto name_at = [&](std::size_t offset) {
    std::size_t end = offset;
    while (end < rest.size() && continues_name(rest[end])) ++end;
    return rest.substr(offset, end - offset);
  };
  const auto token = [&](Token::Kind kind, std::size_t length, std::string_view text) {
    at_ += length;
    return Token{kind, begin, length, text, {}};
  };
  if (rest.empty()) return token(Token::Kind::end, 0, {});
  const char c = rest[0];
  const char after = rest.size() > 1 ? rest[1] : '\0';
  if (begins_name(c)) {
    const auto name = name_at(0);
    return token(Token::Kind::name, name.size(), name);
  }
  for (const auto& [sign, kind] : kSigns) {
    if (c != sign || !begins_name(after)) continue;
    const auto name = name_at(1);
    return token(kind, name.size() + 1, name);
  }
  if (is_digit(c) || (c == '.' && is_digit(after))) return number();
  if (c == '"') return token(Token::Kind::quote, 1, rest.substr(0, 1));
  for (const auto symbol : kSymbols) {
    if (rest.starts_with(symbol))
      return token(Token::Kind::symbol, symbol.size(), rest.substr(0, symbol.size()));
  }
  const auto length = std::max<std::size_t>(1, utf8_length_at(source_, at_));
  if (c == '\'') return fail(at_, 1, "strings are written in double quotes");
  return fail(at_, length, "unexpected character '" + repair_utf8(rest.substr(0, length)) + "'");
}

void Lexer::skip_space() {
  while (at_ < source_.size()) {
    if (source_[at_] == '#') {
      skip_comment();
    } else if (std::string_view(" \t\r\n").find(source_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      return;
    }
  }
}

/// As in Tcl: an odd number of backslashes before the end of a line continues the comment.
void Lexer::skip_comment() {
  while (at_ < source_.size()) {
    const auto end = std::min(source_.find('\n', at_), source_.size());
    auto last = end;
    if (last > at_ && source_[last - 1] == '\r') --last;
    auto backslashes = last;
    while (backslashes > at_ && source_[backslashes - 1] == '\\') --backslashes;
    at_ = end;
    if ((last - backslashes) % 2 == 0 || end == source_.size()) return;
    ++at_;
  }
}

std::optional<Token> Lexer::number() {
  const auto begin = at_;
  bool is_integer = true;
  const auto digit_at = [this](std::size_t offset) {
    return offset < source_.size() && is_digit(source_[offset]);
  };
  const auto skip_digits = [&] {
    while (digit_at(at_)) ++at_;
  };
  skip_digits();
  if (at_ < source_.size() && source_[at_] == '.') {
    is_integer = false;
    ++at_;
    skip_digits();
  }
  if (at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E')) {
    const bool has_sign =
        at_ + 1 < source_.size() && (source_[at_ + 1] == '+' || source_[at_ + 1] == '-');
    const auto digits = at_ + (has_sign ? 2 : 1);
    if (digit_at(digits)) {
      is_integer = false;
      at_ = digits;
      skip_digits();
    }
  }
  const auto text = source_.substr(begin, at_ - begin);
  std::int64_t integer = 0;
  const bool fits =
      is_integer &&
      std::from_chars(text.data(), text.data() + text.size(), integer).ec == std::errc();
  return Token{Token::Kind::number, begin, text.size(), text,
               fits ? Value::integer(integer)
                    : Value::number(std::strtod(std::string(text).c_str(), nullptr))};
}

std::optional<Lexer::TextEnd> Lexer::read_text(std::string& text) {
  const auto begin = at_;
  text.clear();
  while (at_ < source_.size()) {
    const auto special = std::min(source_.find_first_of("\"\\", at_), source_.size());
    text.append(source_, at_, special - at_);
    at_ = special;
    if (at_ == source_.size()) break;
    if (source_[at_] == '"') {
      ++at_;
      return TextEnd::quote;
    }
    if (source_.substr(at_).starts_with("\\(")) {
      at_ += 2;
      return TextEnd::interpolation;
    }
    if (!read_escape(text)) return std::nullopt;
  }
  return fail(begin - 1, 1, "the string is not closed");
}

bool Lexer::read_escape(std::string& text) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const char letter = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
  if (const auto index = kLetters.find(letter); index != std::string_view::npos) {
    text += kMeanings[index];
    at_ += 2;
    return true;
  }
  const auto first = unit_at(at_);
  if (!first) {
    return fail(at_, std::min<std::size_t>(2, source_.size() - at_),
                "this is no escape of a string"),
           false;
  }
  at_ += 6;
  const auto second = *first >= 0xD800 && *first < 0xDC00 ? unit_at(at_) : std::nullopt;
  if (second && *second >= 0xDC00 && *second < 0xE000) {
    at_ += 6;
    append_utf8(text, 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
  } else {
    append_utf8(text, *first);
  }
  return true;
}

std::optional<char32_t> Lexer::unit_at(std::size_t offset) const {
  const auto escape = source_.substr(std::min(offset, source_.size()), 6);
  unsigned unit = 0;
  if (escape.size() < 6 || !escape.starts_with("\\u")) return std::nullopt;
  const auto* end = escape.data() + escape.size();
  const auto parsed = std::from_chars(escape.data() + 2, end, unit, 16);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return static_cast<char32_t>(unit);
}

std::nullopt_t Lexer::fail(std::size_t offset, std::size_t length, std::string message) {
  problem_ = {offset, length, std::move(message), {}};
  return std::nullopt;
}

}  // namespace tba::expression
