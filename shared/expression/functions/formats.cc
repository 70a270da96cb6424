#include "shared/expression/functions/formats.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/functions/tables.h"
#include "shared/uri.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::expression {
namespace {

struct Name {
  std::string_view name;
  FormatId format;
};

constexpr auto kNames = std::to_array<Name>({
    {"text", FormatId::text},
    {"json", FormatId::json},
    {"html", FormatId::html},
    {"uri", FormatId::uri},
    {"csv", FormatId::csv},
    {"tsv", FormatId::tsv},
    {"sh", FormatId::sh},
    {"base64", FormatId::base64},
    {"base64d", FormatId::base64d},
    {"base32", FormatId::base32},
    {"base32d", FormatId::base32d},
});

/// What stands for a character; empty for one that stands for itself.
using Escapes = std::string_view (*)(char c);

std::string_view html_escape(char c) {
  switch (c) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '\'':
      return "&#39;";
    case '"':
      return "&quot;";
    default:
      return {};
  }
}

std::string_view csv_escape(char c) {
  return c == '"' ? R"("")" : std::string_view();
}

std::string_view tsv_escape(char c) {
  switch (c) {
    case '\t':
      return R"(\t)";
    case '\n':
      return R"(\n)";
    case '\r':
      return R"(\r)";
    case '\\':
      return R"(\\)";
    default:
      return {};
  }
}

/// The quoted word ends, an escaped quote follows, and a quoted word begins.
std::string_view sh_escape(char c) {
  return c == '\'' ? R"('\'')" : std::string_view();
}

/// Puts the text behind `out`, if so much may be built.
template <Escapes kEscapes>
bool append_escaped(std::string& out, std::string_view text, const Resources& resources) {
  auto size = out.size();
  for (const char c : text) size += std::max<std::size_t>(1, kEscapes(c).size());
  if (!resources.may_build(size)) return false;
  out.reserve(size);
  for (const char c : text) {
    const auto escape = kEscapes(c);
    if (escape.empty()) {
      out += c;
    } else {
      out += escape;
    }
  }
  return true;
}

Outcome html(std::string_view text, const Resources& resources) {
  std::string escaped;
  if (!append_escaped<html_escape>(escaped, text, resources)) return resources.spent_bytes();
  return Value::string(escaped);
}

Outcome uri(std::string_view text, const Resources& resources) {
  constexpr std::size_t kBytesOfEscape = 3;
  if (!resources.may_build(text.size() * kBytesOfEscape)) return resources.spent_bytes();
  return Value::string(percent_encode(text));
}

/// How a row writes its strings, and what stands between its fields.
struct RowStyle {
  std::string_view name;
  std::string_view quote;
  std::string_view separator;
  bool (*append)(std::string& out, std::string_view text, const Resources& resources);
};

constexpr RowStyle kCsv = {"csv", "\"", ",", append_escaped<csv_escape>};
constexpr RowStyle kTsv = {"tsv", "", "\t", append_escaped<tsv_escape>};

Outcome row(const Value& value, const RowStyle& style, const Resources& resources) {
  if (!value.is_array()) {
    return Failure{
        fmt::format("{} cannot be {}-formatted, only array", described(value), style.name)};
  }
  std::string line;
  for (const auto& field : value.items()) {
    if (&field != value.items().data()) line += style.separator;
    if (field.is_array() || field.is_object()) {
      return Failure{described(field) + " is not valid in a csv row"};  // of either style, in jq
    }
    if (field.is_string()) {
      line += style.quote;
      if (!style.append(line, field.as_string(), resources)) return resources.spent_bytes();
      line += style.quote;
    } else if (!field.is_null()) {
      append_json(line, field);
    }
  }
  return Value::string(line);
}

Outcome sh(const Value& value, const Resources& resources) {
  const auto words = value.is_array() ? value.items() : std::span(&value, 1);
  std::string line;
  for (const auto& word : words) {
    if (&word != words.data()) line += ' ';
    if (word.is_array() || word.is_object()) {
      return Failure{described(word) + " can not be escaped for shell"};
    }
    if (word.is_string()) {
      line += '\'';
      if (!append_escaped<sh_escape>(line, word.as_string(), resources)) {
        return resources.spent_bytes();
      }
      line += '\'';
    } else {
      append_json(line, word);
    }
  }
  return Value::string(line);
}

/// One of RFC 4648's encodings.
class Encoding {
 public:
  static constexpr std::uint8_t kNone = 0xFF;

  /// `block` characters stand for a whole number of bytes.
  constexpr Encoding(std::string_view digits, unsigned bits, std::size_t block)
      : digits_(digits), bits_(bits), block_(block) {
    values_.fill(kNone);
    for (std::size_t i = 0; i < digits.size(); ++i) {
      values_[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
    }
  }

  std::string encoded(std::string_view bytes) const {
    std::string text;
    text.reserve((bytes.size() * 8 / bits_) + block_);
    std::uint32_t held = 0;
    unsigned held_bits = 0;
    for (const char byte : bytes) {
      held = (held << 8) | static_cast<unsigned char>(byte);
      held_bits += 8;
      for (; held_bits >= bits_; held_bits -= bits_) text += digit(held >> (held_bits - bits_));
    }
    if (held_bits > 0) text += digit(held << (bits_ - held_bits));
    while (text.size() % block_ != 0) text += '=';
    return text;
  }

  /// The value of each digit, up to the first `=`; nullopt where another character comes before.
  std::optional<std::string> decoded(std::string_view text) const {
    text = text.substr(0, text.find('='));
    std::string bytes;
    bytes.reserve(text.size() * bits_ / 8);
    std::uint32_t held = 0;
    unsigned held_bits = 0;
    for (const char c : text) {
      const auto value = values_[static_cast<unsigned char>(c)];
      if (value == kNone) return std::nullopt;
      held = (held << bits_) | value;
      held_bits += bits_;
      if (held_bits >= 8) {
        held_bits -= 8;
        bytes += static_cast<char>(held >> held_bits);
      }
    }
    return bytes;
  }

  /// Whether the last digit before the padding is alone in its block, so that it stands for
  /// nothing.
  bool ends_in_lone_digit(std::string_view text) const {
    return std::min(text.size(), text.find('=')) % block_ == 1;
  }

 private:
  char digit(std::uint32_t value) const { return digits_[value & (digits_.size() - 1)]; }

  std::string_view digits_;
  unsigned bits_;
  std::size_t block_;
  std::array<std::uint8_t, 256> values_{};
};

constexpr Encoding kBase64("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6,
                           4);
constexpr Encoding kBase32("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5, 8);

/// How many bytes a sequence that begins so means to have; 1 where none begins so.
std::size_t meant_length(unsigned char first) {
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 1;
}

/// The bytes as text. As in jq, one U+FFFD stands for all the bytes of a sequence that is cut off
/// or means nothing.
std::string as_utf8(std::string_view bytes) {
  if (find_invalid_utf8(bytes) == std::string_view::npos) return std::string(bytes);
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    auto length = utf8_length_at(bytes, 0);
    if (length > 0) {
      text += bytes.substr(0, length);
    } else {
      append_utf8(text, 0xFFFD);
      const auto meant = std::min(meant_length(static_cast<unsigned char>(bytes[0])), bytes.size());
      length = 1;
      while (length < meant && (static_cast<unsigned char>(bytes[length]) & 0xC0U) == 0x80U) {
        ++length;
      }
    }
    bytes.remove_prefix(length);
  }
  return text;
}

Outcome base64d(std::string_view text) {
  const auto bytes = kBase64.decoded(text);
  if (!bytes) return Failure{described(Value::string(text)) + " is not valid base64 data"};
  if (kBase64.ends_in_lone_digit(text)) {
    return Failure{described(Value::string(text)) + " trailing base64 byte found"};
  }
  return Value::string(as_utf8(*bytes));
}

Outcome base32d(std::string_view text) {
  const auto bytes = kBase32.decoded(text);
  if (!bytes) return Failure{described(Value::string(text)) + " is not valid base32 data"};
  return Value::string(as_utf8(*bytes));
}

/// As a format that is about text takes its value.
Outcome format_text(FormatId format, std::string_view text, const Resources& resources) {
  switch (format) {
    case FormatId::html:
      return html(text, resources);
    case FormatId::uri:
      return uri(text, resources);
    case FormatId::base64:
      return Value::string(kBase64.encoded(text));
    case FormatId::base64d:
      return base64d(text);
    case FormatId::base32:
      return Value::string(kBase32.encoded(text));
    case FormatId::base32d:
      return base32d(text);
    default:
      return Value::string(text);
  }
}

Outcome format(Value input, std::span<Value> arguments, Resources& resources) {
  const auto& name = arguments[0];
  if (!name.is_string()) return Failure{described(name) + " is not a valid format"};
  const auto found = format_named(name.as_string());
  if (!found) return Failure{fmt::format("{} is not a valid format", name.as_string())};
  return format_value(*found, input, resources);
}

constexpr auto kFunctions = std::to_array<Function>({{"format", 1, false, format}});

}  // namespace

std::optional<FormatId> format_named(std::string_view name) {
  const auto* const found = std::find_if(kNames.begin(), kNames.end(),
                                         [&](const Name& entry) { return entry.name == name; });
  if (found == kNames.end()) return std::nullopt;
  return found->format;
}

Outcome format_value(FormatId format, const Value& value, Resources& resources) {
  if (format == FormatId::text && value.is_string()) return value;
  if (!resources.may_build(value.bytes())) return resources.spent_bytes();
  if (!resources.spend(value.bytes())) return resources.spent_steps();
  switch (format) {
    case FormatId::json:
      return Value::string(to_json(value));
    case FormatId::csv:
      return row(value, kCsv, resources);
    case FormatId::tsv:
      return row(value, kTsv, resources);
    case FormatId::sh:
      return sh(value, resources);
    default:
      if (value.is_string()) return format_text(format, value.as_string(), resources);
      return format_text(format, to_json(value), resources);
  }
}

namespace detail {

std::span<const Function> format_functions() {
  return kFunctions;
}

}  // namespace detail

}  // namespace tba::expression
