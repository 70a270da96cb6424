#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/expression/program.h"
#include "shared/value/value.h"

namespace tba::expression {

/// A word of the language.
struct Token {
  enum class Kind : std::uint8_t {
    end,       ///< Of the text.
    name,      ///< A function's name or a keyword.
    field,     ///< ".name"; `text` is the name.
    variable,  ///< "$name"; `text` is the name.
    format,    ///< "@name"; `text` is the name.
    number,
    quote,   ///< The opening quote of a string, whose text read_text() reads.
    symbol,  ///< An operator or a bracket.
  };

  Kind kind = Kind::end;
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string_view text;  ///< Part of the program's text.
  Value number;

  bool is_symbol(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
  bool is_name(std::string_view name) const { return kind == Kind::name && text == name; }
};

/// Cuts a program into tokens, one at a time. The program's text must outlive it.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  /// The next token; nothing where the text is wrong: see problem().
  std::optional<Token> next();

  /// How a stretch of a string's text ended.
  enum class TextEnd { quote, interpolation };

  /// After a quote, or after the ")" that ends an interpolation: reads text up to the closing quote
  /// or to the "\(" of the next interpolation. Nothing where the text is wrong: see problem().
  std::optional<TextEnd> read_text(std::string& text);

  std::size_t offset() const { return at_; }
  const Problem& problem() const { return problem_; }

 private:
  void skip_space();
  void skip_comment();
  std::optional<Token> number();
  bool read_escape(std::string& text);
  std::optional<char32_t> unit_at(std::size_t offset) const;
  std::nullopt_t fail(std::size_t offset, std::size_t length, std::string message);

  std::string_view source_;
  std::size_t at_ = 0;
  Problem problem_;
};

}  // namespace tba::expression
