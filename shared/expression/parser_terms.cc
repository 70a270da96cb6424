#include <algorithm>
#include <array>
#include <string>

#include "shared/expression/syntax.h"

namespace tba::expression {
namespace {

using Kind = Node::Kind;

/// Words that are no function names.
constexpr auto kKeywords = std::to_array<std::string_view>(
    {"__loc__", "and", "as", "catch", "def", "elif", "else", "end", "foreach", "if", "import",
     "include", "label", "module", "or", "reduce", "then", "try"});

bool is_keyword(std::string_view name) {
  return std::find(kKeywords.begin(), kKeywords.end(), name) != kKeywords.end();
}

std::optional<Value> constant_named(std::string_view name) {
  if (name == "null") return Value();
  if (name == "true" || name == "false") return Value::boolean(name == "true");
  return std::nullopt;
}

constexpr std::string_view kLocation = "__loc__";

/// What `$__loc__` stands for: where it stands.
Value location(std::string_view source, std::size_t offset) {
  const auto before = source.substr(0, offset);
  return Value::object(
      {{"file", Value::string("<top-level>")},
       {"line", Value::integer(1 + std::count(before.begin(), before.end(), '\n'))}});
}

}  // namespace

// --- what follows a term

/// A term and what follows it: .name, ."name", [key], [from:to], [], ?
Parser::Parsed Parser::parse_postfix() {
  const auto begin = token_.offset;
  auto term = parse_term();
  while (term) {
    if (token_.is_symbol("?//")) {
      // Behind a term this is `?` and the operator `//`.
      end_ = token_.offset + 1;
      term = add(Kind::attempt, begin, {*term});
      token_.text.remove_prefix(1);
      ++token_.offset;
      --token_.length;
      break;
    }
    const bool goes_on = token_.kind == Token::Kind::field || token_.is_symbol("[") ||
                         token_.is_symbol("?") || token_.is_symbol(".");
    if (!goes_on) break;
    term = parse_suffix(*term, begin);
  }
  return term;
}

Parser::Parsed Parser::parse_suffix(NodeId target, std::size_t begin) {
  if (token_.kind == Token::Kind::field) return parse_field(target, begin);
  if (token_.is_symbol("[")) return parse_brackets(target, begin);
  if (token_.is_symbol("?")) {
    if (!advance()) return std::nullopt;
    return add(Kind::attempt, begin, {target});
  }
  if (!advance()) return std::nullopt;
  if (token_.is_symbol("[")) return parse_brackets(target, begin);
  if (token_.kind != Token::Kind::quote && token_.kind != Token::Kind::format) {
    return unexpected("a key after '.'");
  }
  const auto key = token_.kind == Token::Kind::quote ? parse_string() : parse_format();
  if (!key) return std::nullopt;
  return add(Kind::index, begin, {target, *key});
}

/// At a `.name` token.
Parser::Parsed Parser::parse_field(NodeId target, std::size_t begin) {
  const auto key = add_literal(token_.offset + 1, token_.length - 1, Value::string(token_.text));
  if (!advance()) return std::nullopt;
  return add(Kind::index, begin, {target, key});
}

/// At the "[" behind a term.
Parser::Parsed Parser::parse_brackets(NodeId target, std::size_t begin) {
  if (!advance()) return std::nullopt;
  if (take("]")) return add(Kind::iterate, begin, {target});
  if (token_.is_symbol(":")) {
    const auto from = add_literal(token_.offset, 0, Value());
    return parse_slice_end(target, from, begin, true);
  }
  const auto key = parse_pipe();
  if (!key) return std::nullopt;
  if (token_.is_symbol(":")) return parse_slice_end(target, *key, begin, false);
  if (!expect("]")) return std::nullopt;
  return add(Kind::index, begin, {target, *key});
}

/// At the ":" of a slice.
Parser::Parsed Parser::parse_slice_end(NodeId target, NodeId from, std::size_t begin,
                                       bool needs_end) {
  if (!advance()) return std::nullopt;
  Parsed to;
  if (token_.is_symbol("]") && !needs_end) {
    to = add_literal(token_.offset, 0, Value());
  } else {
    to = parse_pipe();
  }
  if (!to || !expect("]")) return std::nullopt;
  return add(Kind::slice, begin, {target, from, *to});
}

// --- terms

Parser::Parsed Parser::parse_term() {
  const auto begin = token_.offset;
  switch (token_.kind) {
    case Token::Kind::number: {
      const auto literal = add_literal(begin, token_.length, token_.number);
      if (!advance()) return std::nullopt;
      return literal;
    }
    case Token::Kind::quote:
      return parse_string();
    case Token::Kind::format:
      return parse_format();
    case Token::Kind::field: {
      const auto input = add(Kind::identity, begin, {});
      return input ? parse_field(*input, begin) : std::nullopt;
    }
    case Token::Kind::variable:
      return parse_variable();
    case Token::Kind::name:
      return parse_word();
    case Token::Kind::symbol:
      if (token_.text == ".") return parse_identity();
      if (token_.text == "..") {
        if (!advance()) return std::nullopt;
        return add(Kind::call, begin, {}, "recurse");
      }
      if (token_.text == "(") return parse_group();
      if (token_.text == "[") return parse_array();
      if (token_.text == "{") return parse_object();
      break;
    case Token::Kind::end:
      break;
  }
  return unexpected("an expression");
}

Parser::Parsed Parser::parse_word() {
  if (token_.text == "if") return parse_condition();
  if (token_.text == "reduce") return parse_loop(Kind::reduce);
  if (token_.text == "foreach") return parse_loop(Kind::foreach);
  if (token_.text == "break") return parse_break();
  for (const auto module : {"import", "include", "module"}) {
    if (token_.text == module) {
      return fail({token_.offset, token_.length,
                   "expressions have no modules: '" + std::string(module) + "' is not available",
                   "write the functions it would give as 'def name: …;' before the expression"});
    }
  }
  return parse_call();
}

Parser::Parsed Parser::parse_variable() {
  const auto begin = token_.offset;
  const auto name = token_.text;
  if (!advance()) return std::nullopt;
  if (name == kLocation) return add_literal(begin, end_ - begin, location(source_, begin));
  return add(Kind::variable, begin, {}, name);
}

/// `.`, `."name"`; `.[` is left to the postfix.
Parser::Parsed Parser::parse_identity() {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  const auto input = add(Kind::identity, begin, {});
  const bool has_key = token_.kind == Token::Kind::quote || token_.kind == Token::Kind::format;
  if (!input || !has_key) return input;
  const auto key = token_.kind == Token::Kind::quote ? parse_string() : parse_format();
  if (!key) return std::nullopt;
  return add(Kind::index, begin, {*input, *key});
}

Parser::Parsed Parser::parse_group() {
  if (!advance()) return std::nullopt;
  const auto inside = parse_pipe();
  if (!inside || !expect(")")) return std::nullopt;
  return inside;
}

Parser::Parsed Parser::parse_array() {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  if (take("]")) return add(Kind::array, begin, {});
  const auto inside = parse_pipe();
  if (!inside || !expect("]")) return std::nullopt;
  return add(Kind::array, begin, {*inside});
}

Parser::Parsed Parser::parse_object() {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  std::vector<NodeId> entries;
  while (!token_.is_symbol("}")) {
    if (!parse_entry(entries)) return std::nullopt;
    if (token_.is_symbol("}")) break;
    if (!token_.is_symbol(",")) return unexpected("',' or '}'");
    if (!advance()) return std::nullopt;
  }
  if (!advance()) return std::nullopt;
  return add(Kind::object, begin, entries);
}

/// name: value, "text": value, (key): value, $name: value; or a name, text or $name alone, which
/// stands for its own value.
bool Parser::parse_entry(std::vector<NodeId>& entries) {
  const auto entry = token_;
  const bool is_variable = entry.kind == Token::Kind::variable;
  const auto key = is_variable ? parse_variable() : parse_entry_key();
  if (!key) return false;
  if (take(":")) {
    const auto value = parse_entry_value();
    if (value) entries.insert(entries.end(), {*key, *value});
    return value.has_value();
  }
  if (problem_) return false;
  if (entry.is_symbol("(")) return unexpected("':'"), false;
  if (is_variable) {
    const auto name = add_literal(entry.offset, entry.length, Value::string(entry.text));
    entries.insert(entries.end(), {name, *key});
    return true;
  }
  const auto input = add(Kind::identity, entry.offset, {});
  const auto value = input ? add(Kind::index, entry.offset, {*input, *key}) : std::nullopt;
  if (value) entries.insert(entries.end(), {*key, *value});
  return value.has_value();
}

/// A name, a text or an expression in parentheses.
Parser::Parsed Parser::parse_entry_key() {
  if (token_.kind == Token::Kind::name) {
    const auto key = add_literal(token_.offset, token_.length, Value::string(token_.text));
    if (!advance()) return std::nullopt;
    return key;
  }
  if (token_.kind == Token::Kind::quote) return parse_string();
  if (token_.kind == Token::Kind::format) return parse_format();
  if (token_.is_symbol("(")) return parse_group();
  return unexpected("a key or '}'");
}

Parser::Parsed Parser::parse_entry_value() {
  const auto begin = token_.offset;
  constexpr int kNoComma = 1;
  std::vector<NodeId> parts;
  do {
    const auto part = parse_binary(kNoComma);
    if (!part) return std::nullopt;
    parts.push_back(*part);
  } while (take("|"));
  if (problem_) return std::nullopt;
  return parts.size() == 1 ? parts[0] : add(Kind::pipe, begin, parts);
}

/// @name, @name "text"
Parser::Parsed Parser::parse_format() {
  const auto begin = token_.offset;
  const auto name = token_.text;
  if (!advance()) return std::nullopt;
  if (token_.kind == Token::Kind::quote) return parse_string(name);
  return add(Kind::format, begin, {}, name);
}

/// At an opening quote.
Parser::Parsed Parser::parse_string(std::string_view format) {
  const auto begin = token_.offset;
  std::vector<NodeId> parts;
  std::string text;
  while (true) {
    const auto text_begin = lexer_.offset();
    const auto end = lexer_.read_text(text);
    if (!end) return lexer_failed();
    const auto literal = add_literal(text_begin, lexer_.offset() - text_begin, Value::string(text));
    if (*end == Lexer::TextEnd::quote) {
      parts.push_back(literal);
      break;
    }
    if (!text.empty()) parts.push_back(literal);
    if (!advance()) return std::nullopt;
    const auto inside = parse_pipe();
    if (!inside) return std::nullopt;
    if (!token_.is_symbol(")")) return unexpected("')'");
    // A literal that is put in is no text: a format applies to it.
    const auto put_in = tree_[*inside].kind == Kind::literal
                            ? add(Kind::pipe, tree_[*inside].offset, {*inside})
                            : inside;
    if (!put_in) return std::nullopt;
    parts.push_back(*put_in);
  }
  end_ = lexer_.offset();
  if (!advance_keeping_end()) return std::nullopt;
  if (parts.size() > 1) return add(Kind::interpolate, begin, parts, format);
  tree_.nodes[parts[0]].offset = static_cast<std::uint32_t>(begin);
  tree_.nodes[parts[0]].length = static_cast<std::uint32_t>(end_ - begin);
  return parts[0];
}

/// break $name
Parser::Parsed Parser::parse_break() {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  if (token_.kind != Token::Kind::variable) return unexpected("a label's name ('$name')");
  const auto name = token_.text;
  if (!advance()) return std::nullopt;
  return add(Kind::break_, begin, {}, name);
}

Parser::Parsed Parser::parse_call() {
  const auto name = token_;
  if (is_keyword(name.text)) return unexpected("an expression");
  if (!advance()) return std::nullopt;
  if (auto constant = constant_named(name.text)) {
    return add_literal(name.offset, name.length, std::move(*constant));
  }
  std::vector<NodeId> arguments;
  if (token_.is_symbol("(")) {
    do {
      if (!advance()) return std::nullopt;
      const auto argument = parse_pipe();
      if (!argument) return std::nullopt;
      arguments.push_back(*argument);
    } while (token_.is_symbol(";"));
    if (!token_.is_symbol(")")) return unexpected("';' or ')'");
    if (!advance()) return std::nullopt;
  }
  return add(Kind::call, name.offset, arguments, name.text);
}

// --- patterns

/// pattern ?// pattern …
bool Parser::parse_patterns(std::vector<NodeId>& patterns) {
  do {
    const auto pattern = parse_pattern();
    if (!pattern) return false;
    patterns.push_back(*pattern);
  } while (take("?//"));
  return !problem_;
}

Parser::Parsed Parser::parse_pattern() {
  const Level level(*this);
  if (level.is_too_deep()) return too_deep();
  if (token_.is_symbol("[")) return parse_array_pattern();
  if (token_.is_symbol("{")) return parse_object_pattern();
  if (token_.kind != Token::Kind::variable) return unexpected("a variable ('$name'), '[' or '{'");
  const auto begin = token_.offset;
  const auto name = token_.text;
  if (!advance()) return std::nullopt;
  return add(Kind::variable, begin, {}, name);
}

Parser::Parsed Parser::parse_array_pattern() {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  std::vector<NodeId> items;
  do {
    const auto item = parse_pattern();
    if (!item) return std::nullopt;
    items.push_back(*item);
  } while (take(","));
  if (!expect("]")) return std::nullopt;
  return add(Kind::array_pattern, begin, items);
}

Parser::Parsed Parser::parse_object_pattern() {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  std::vector<NodeId> entries;
  do {
    if (!parse_pattern_entry(entries)) return std::nullopt;
  } while (take(","));
  if (!expect("}")) return std::nullopt;
  return add(Kind::object_pattern, begin, entries);
}

/// name: pattern, "text": pattern, (key): pattern, $name, $name: pattern; the last binds both.
bool Parser::parse_pattern_entry(std::vector<NodeId>& entries) {
  if (token_.kind == Token::Kind::variable) {
    const auto key = add_literal(token_.offset, token_.length, Value::string(token_.text));
    const auto variable = parse_pattern();
    if (!variable) return false;
    entries.insert(entries.end(), {key, *variable});
    if (!take(":")) return !problem_;
    const auto pattern = parse_pattern();
    if (pattern) entries.insert(entries.end(), {key, *pattern});
    return pattern.has_value();
  }
  const auto key = parse_entry_key();
  if (!key || !expect(":")) return false;
  const auto pattern = parse_pattern();
  if (pattern) entries.insert(entries.end(), {*key, *pattern});
  return pattern.has_value();
}

}  // namespace tba::expression
