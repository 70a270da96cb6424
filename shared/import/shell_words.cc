#include "shared/import/shell_words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "shared/value/utf8.h"

namespace tba::importing {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<ShellCommand> split() && {
    for (skip_blanks(); !text_.empty() && !is_operator(); skip_blanks()) {
      if (auto word = take_word(); !word) return word.error();
    }
    command_.rest = text_;
    return std::move(command_);
  }

 private:
  void skip_blanks() {
    while (true) {
      text_.remove_prefix(std::min(text_.find_first_not_of(kBlanks), text_.size()));
      if (!text_.starts_with("\\\n") && !text_.starts_with("\\\r\n")) return;
      text_.remove_prefix(text_.find('\n') + 1);
    }
  }

  // `|`, `;`, `&`, `<` and `>`, before the last two perhaps the number of a file: 2>/dev/null.
  bool is_operator() const {
    const auto at = text_.find_first_not_of("0123456789");
    if (at == std::string_view::npos) return false;
    if (text_[at] == '<' || text_[at] == '>') return true;
    return at == 0 && std::string_view("|;&").find(text_[0]) != std::string_view::npos;
  }

  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  Result<> take_word() {
    word_.clear();
    while (!text_.empty() && kBlanks.find(text_.front()) == std::string_view::npos) {
      Result<> taken;
      if (text_.starts_with("$'")) {
        text_.remove_prefix(2);
        taken = take_escaped();
      } else if (const char c = take(); c == '\'') {
        taken = take_literal();
      } else if (c == '"') {
        taken = take_quoted();
      } else if (c != '\\') {
        word_ += c;
      } else {
        take_after_backslash();
      }
      if (!taken) return taken;
    }
    command_.words.push_back(word_);
    return {};
  }

  // A backslash at the end of a line goes with the line break.
  void take_after_backslash() {
    if (text_.starts_with("\r\n")) text_.remove_prefix(1);
    if (text_.empty()) return;
    if (const char c = take(); c != '\n') word_ += c;
  }

  static Error not_closed(std::string_view quote) {
    return {ErrorCode::invalid, fmt::format("a quote {} is not closed", quote),
            "give the whole command, in quotes of the other kind or on standard input"};
  }

  Result<> take_literal() {
    const auto end = text_.find('\'');
    if (end == std::string_view::npos) return not_closed("'");
    word_ += text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return {};
  }

  Result<> take_quoted() {
    while (!text_.empty()) {
      const char c = take();
      if (c == '"') return {};
      const bool escapes = c == '\\' && !text_.empty() &&
                           std::string_view("$`\"\\\n").find(text_[0]) != std::string_view::npos;
      if (escapes) {
        take_after_backslash();
      } else {
        word_ += c;
      }
    }
    return not_closed("\"");
  }

  Result<> take_escaped() {
    while (!text_.empty()) {
      const char c = take();
      if (c == '\'') return {};
      if (c == '\\' && !text_.empty()) {
        take_escape();
      } else {
        word_ += c;
      }
    }
    return not_closed("$'");
  }

  // As in C, and \u and \U with a code point.
  void take_escape() {
    constexpr std::array<std::pair<char, char>, 8> kLetters{{{'n', '\n'},
                                                             {'t', '\t'},
                                                             {'r', '\r'},
                                                             {'a', '\a'},
                                                             {'b', '\b'},
                                                             {'f', '\f'},
                                                             {'v', '\v'},
                                                             {'e', '\033'}}};
    const char c = take();
    const auto* letter = std::ranges::find(kLetters, c, &std::pair<char, char>::first);
    if (letter != kLetters.end()) {
      word_ += letter->second;
    } else if (c == 'x') {
      word_ += static_cast<char>(take_number(16, 2));
    } else if (c == 'u' || c == 'U') {
      append_utf8(word_, static_cast<char32_t>(take_number(16, c == 'u' ? 4 : 8)));
    } else if (c >= '0' && c <= '7') {
      const auto high = static_cast<std::uint32_t>(c - '0');
      const auto before = text_.size();
      const auto low = take_number(8, 2);
      const auto digits = before - text_.size();
      word_ += static_cast<char>((high << (3 * digits)) + low);
    } else {
      word_ += c;  // a quote or a backslash
    }
  }

  std::uint32_t take_number(int base, int digits) {
    std::uint32_t number = 0;
    for (; digits > 0 && !text_.empty(); --digits) {
      const int digit = hex_digit(text_.front());
      if (digit < 0 || digit >= base) break;
      number = number * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
      text_.remove_prefix(1);
    }
    return number;
  }

  std::string_view text_;
  std::string word_;
  ShellCommand command_;
};

}  // namespace

Result<ShellCommand> split_command(std::string_view text) {
  return Splitter(text).split();
}

}  // namespace tba::importing
