#include "daemon/mail/header_field.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/vault/base64.h"
#include "shared/uri.h"
#include "shared/value/utf8.h"

namespace tba::mail {
namespace {

/// Of a line that may have an encoded word, and of one such word (RFC 2047, section 2).
constexpr std::size_t kLineLength = 76;
constexpr std::size_t kLongestEncodedWord = 75;
/// Room for one character in any encoded word.
constexpr std::size_t kShortestEncodedWord = 20;
/// Of a line that cannot be folded (RFC 5322, section 2.1.1).
constexpr std::size_t kLongestLine = 998;
constexpr std::string_view kWordBegin = "=?UTF-8?B?";
constexpr std::string_view kWordEnd = "?=";

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

/// A field in the making.
class Field {
 public:
  explicit Field(std::string_view name) : text_(fmt::format("{}:", name)), column_(text_.size()) {}

  /// Puts what cannot be folded behind a blank, on a line of its own where it would be too long.
  void add_word(std::string_view word) {
    if (column_ + 1 + word.size() > kLineLength && !is_empty_) fold();
    append(word);
  }

  /// Puts a text as encoded words, as many as it takes.
  void add_encoded(std::string_view text) {
    while (!text.empty()) {
      if (column_ + 1 + kShortestEncodedWord > kLineLength) fold();
      const auto room = std::min(kLineLength - column_ - 1, kLongestEncodedWord);
      const auto bytes =
          whole_characters(text, (room - kWordBegin.size() - kWordEnd.size()) / 4 * 3);
      append(fmt::format("{}{}{}", kWordBegin, vault::base64(text.substr(0, bytes)), kWordEnd));
      text.remove_prefix(bytes);
    }
  }

  std::string finish() && { return std::move(text_) + "\r\n"; }

 private:
  void append(std::string_view word) {
    text_.append(" ").append(word);
    column_ += 1 + word.size();
    is_empty_ = false;
  }

  void fold() {
    text_ += "\r\n";
    column_ = 0;
  }

  /// How many bytes of the text are whole characters, and at most so many.
  static std::size_t whole_characters(std::string_view text, std::size_t most) {
    std::size_t bytes = 0;
    while (bytes < text.size()) {
      const auto next = std::max<std::size_t>(utf8_length_at(text, bytes), 1);
      if (bytes + next > most) break;
      bytes += next;
    }
    return bytes;
  }

  std::string text_;
  std::size_t column_;
  bool is_empty_ = true;  // Some readers take a name alone on its line for the header's end.
};

/// Whether a text can stand in a header as it is, for a reader who must not take it for anything
/// else: its blanks are single ones between words.
bool is_plain(std::string_view text) {
  if (text.starts_with(' ') || text.ends_with(' ')) return false;
  if (text.find("=?") != std::string_view::npos || text.find("  ") != std::string_view::npos)
    return false;
  return std::ranges::all_of(text, is_printable);
}

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    longest = std::max(longest, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return longest;
}

void add_words(Field& field, std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    field.add_word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// RFC 5322, section 3.2.4.
std::string quoted(std::string_view text) {
  std::string quote = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quote += '\\';
    quote += c;
  }
  return quote + '"';
}

/// Whether a name can stand before an address without quotes: words of RFC 5322, section 3.2.3.
bool is_phrase(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view(" !#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  });
}

void add_name(Field& field, std::string_view name) {
  constexpr std::size_t kLongestName = 60;
  if (!is_plain(name) || name.size() > kLongestName) return field.add_encoded(name);
  if (is_phrase(name)) return add_words(field, name);
  field.add_word(quoted(name));
}

/// Pieces of an encoded text that are no longer than that, none of which ends within a `%41`.
std::vector<std::string_view> pieces_of(std::string_view encoded, std::size_t length) {
  std::vector<std::string_view> pieces;
  while (!encoded.empty()) {
    auto end = std::min(length, encoded.size());
    const auto percent = encoded.find('%', end < 2 ? 0 : end - 2);
    if (end < encoded.size() && percent < end) end = percent;
    pieces.push_back(encoded.substr(0, end));
    encoded.remove_prefix(end);
  }
  return pieces;
}

}  // namespace

std::string text_field(std::string_view name, std::string_view value) {
  Field field(name);
  // An encoded word may be folded anywhere.
  if (is_plain(value) && name.size() + longest_word(value) + 2 < kLongestLine) {
    add_words(field, value);
  } else {
    field.add_encoded(value);
  }
  return std::move(field).finish();
}

std::string mailboxes_field(std::string_view name, const std::vector<Mailbox>& mailboxes) {
  Field field(name);
  for (const auto& mailbox : mailboxes) {
    const std::string_view comma = &mailbox == &mailboxes.back() ? "" : ",";
    if (mailbox.name.empty()) {
      field.add_word(fmt::format("{}{}", mailbox.address, comma));
    } else {
      add_name(field, mailbox.name);
      field.add_word(fmt::format("<{}>{}", mailbox.address, comma));
    }
  }
  return std::move(field).finish();
}

std::string words_field(std::string_view name, const std::vector<std::string>& words) {
  Field field(name);
  for (const auto& word : words) field.add_word(word);
  return std::move(field).finish();
}

std::string parameter_field(std::string_view name, std::string_view value,
                            std::string_view parameter, std::string_view text) {
  constexpr std::size_t kPiece = 50;
  Field field(name);
  field.add_word(fmt::format("{};", value));
  if (text.size() <= kPiece && std::ranges::all_of(text, is_printable)) {
    field.add_word(fmt::format("{}={}", parameter, quoted(text)));
    return std::move(field).finish();
  }
  const auto encoded = percent_encode(text);
  const auto pieces = pieces_of(encoded, kPiece);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto number = pieces.size() == 1 ? std::string() : fmt::format("*{}", i);
    field.add_word(fmt::format("{}{}*={}{}{}", parameter, number, i == 0 ? "UTF-8''" : "",
                               pieces[i], i + 1 == pieces.size() ? "" : ";"));
  }
  return std::move(field).finish();
}

}  // namespace tba::mail
