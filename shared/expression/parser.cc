#include "shared/expression/parser.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/lexer.h"

namespace tba::expression {
namespace {

using Kind = Node::Kind;

/// A binary operator, how tightly it binds, and what may stand beside it.
struct BinaryOperator {
  enum class Side : std::uint8_t { left, right, neither };
  std::string_view text;
  Operator operation;
  int precedence;
  Side associates;
};

constexpr int kLoosest = 1;
constexpr int kMultiplicative = 6;
constexpr auto kBinaryOperators = std::to_array<BinaryOperator>({
    {"//", Operator::alternative, kLoosest, BinaryOperator::Side::right},
    {"or", Operator::logical_or, 2, BinaryOperator::Side::left},
    {"and", Operator::logical_and, 3, BinaryOperator::Side::left},
    {"==", Operator::equal, 4, BinaryOperator::Side::neither},
    {"!=", Operator::not_equal, 4, BinaryOperator::Side::neither},
    {"<", Operator::less, 4, BinaryOperator::Side::neither},
    {"<=", Operator::less_or_equal, 4, BinaryOperator::Side::neither},
    {">", Operator::greater, 4, BinaryOperator::Side::neither},
    {">=", Operator::greater_or_equal, 4, BinaryOperator::Side::neither},
    {"+", Operator::add, 5, BinaryOperator::Side::left},
    {"-", Operator::subtract, 5, BinaryOperator::Side::left},
    {"*", Operator::multiply, kMultiplicative, BinaryOperator::Side::left},
    {"/", Operator::divide, kMultiplicative, BinaryOperator::Side::left},
    {"%", Operator::remainder, kMultiplicative, BinaryOperator::Side::left},
});

/// Words that are no function names.
constexpr auto kKeywords = std::to_array<std::string_view>(
    {"__loc__", "and", "as", "catch", "def", "elif", "else", "end", "foreach", "if", "import",
     "include", "label", "module", "or", "reduce", "then", "try"});

/// Recursive descent, with precedence climbing for the operators. Each parse_… begins at token_ and
/// leaves there the first token it does not want. After a failure every function gives nothing.
class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source), lexer_(source) {}

  boost::system::result<Tree, Problem> run() {
    if (source_.size() > std::numeric_limits<std::uint32_t>::max() / 2) {
      return Problem{0, 0, "the expression is too long", {}};
    }
    const auto root = advance() ? parse_pipe() : std::nullopt;
    if (root && token_.kind != Token::Kind::end) unexpected("an operator or the end");
    if (problem_) return std::move(*problem_);
    tree_.root = *root;
    return std::move(tree_);
  }

 private:
  using Parsed = std::optional<NodeId>;

  /// Counts how deep the descent is: at most twice for each level of nesting.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) { ++parser_.level_; }
    ~Level() { --parser_.level_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  // --- programs, from the loosest construct to the tightest

  /// f | g | h, and `source as $name | body`.
  Parsed parse_pipe() {
    const Level level(*this);
    if (level_ > 2 * kMaxNesting) return too_deep();
    const auto begin = token_.offset;
    std::vector<NodeId> parts;
    while (true) {
      const auto part = parse_comma();
      if (!part) return std::nullopt;
      if (token_.is_name("as")) {
        const auto bound = parse_binding(*part);
        if (!bound) return std::nullopt;
        parts.push_back(*bound);
        break;
      }
      parts.push_back(*part);
      if (!token_.is_symbol("|")) break;
      if (!advance()) return std::nullopt;
    }
    return parts.size() == 1 ? parts[0] : add(Kind::pipe, begin, parts);
  }

  Parsed parse_binding(NodeId source) {
    if (!advance()) return std::nullopt;
    if (token_.kind != Token::Kind::variable) return unexpected("a variable ('$name')");
    const auto name = token_.text;
    if (!advance()) return std::nullopt;
    if (!token_.is_symbol("|")) return unexpected("'|'");
    if (!advance()) return std::nullopt;
    const auto body = parse_pipe();
    if (!body) return std::nullopt;
    const auto bound = add(Kind::bind, tree_[source].offset, {source, *body});
    if (bound) tree_.nodes[*bound].name = name;
    return bound;
  }

  Parsed parse_comma() {
    const auto begin = token_.offset;
    std::vector<NodeId> parts;
    while (true) {
      const auto part = parse_binary(kLoosest);
      if (!part) return std::nullopt;
      parts.push_back(*part);
      if (!token_.is_symbol(",")) break;
      if (!advance()) return std::nullopt;
    }
    return parts.size() == 1 ? parts[0] : add(Kind::comma, begin, parts);
  }

  const BinaryOperator* binary_operator() const {
    if (token_.kind != Token::Kind::symbol && token_.kind != Token::Kind::name) return nullptr;
    const auto found = std::find_if(kBinaryOperators.begin(), kBinaryOperators.end(),
                                    [&](const auto& entry) { return entry.text == token_.text; });
    return found == kBinaryOperators.end() ? nullptr : &*found;
  }

  /// Operators that bind at least that tightly.
  Parsed parse_binary(int precedence) {
    const Level level(*this);
    if (level_ > 2 * kMaxNesting) return too_deep();
    const auto begin = token_.offset;
    auto left = parse_unary();
    int bound =
        std::numeric_limits<int>::max();  // by an operator that associates with neither side
    while (left) {
      const auto* found = binary_operator();
      if (found == nullptr || found->precedence < precedence) break;
      if (found->precedence == bound) {
        return unexpected("'and', 'or' or ')': comparisons cannot be chained");
      }
      if (!advance()) return std::nullopt;
      const bool to_right = found->associates == BinaryOperator::Side::right;
      const auto right = parse_binary(found->precedence + (to_right ? 0 : 1));
      if (!right) return std::nullopt;
      if (found->associates == BinaryOperator::Side::neither) bound = found->precedence;
      left = add(Kind::binary, begin, {*left, *right});
      if (left) tree_.nodes[*left].operation = found->operation;
    }
    return left;
  }

  Parsed parse_unary() {
    if (!token_.is_symbol("-")) return parse_postfix();
    const auto begin = token_.offset;
    if (!advance()) return std::nullopt;
    const auto operand = parse_binary(kMultiplicative);
    if (!operand) return std::nullopt;
    return add(Kind::negate, begin, {*operand});
  }

  /// A term and what follows it: .name, ."name", [key], [from:to], [], ?
  Parsed parse_postfix() {
    const auto begin = token_.offset;
    auto term = parse_term();
    while (term) {
      if (token_.kind == Token::Kind::field) {
        term = parse_field(*term, begin);
      } else if (token_.is_symbol("[")) {
        term = parse_brackets(*term, begin);
      } else if (token_.is_symbol("?")) {
        if (!advance()) return std::nullopt;
        term = add(Kind::attempt, begin, {*term});
      } else if (token_.is_symbol(".")) {
        if (!advance()) return std::nullopt;
        if (token_.kind == Token::Kind::quote) {
          const auto key = parse_string();
          if (!key) return std::nullopt;
          term = add(Kind::index, begin, {*term, *key});
        } else if (token_.is_symbol("[")) {
          term = parse_brackets(*term, begin);
        } else {
          return unexpected("a key after '.'");
        }
      } else {
        break;
      }
    }
    return term;
  }

  /// At a `.name` token.
  Parsed parse_field(NodeId target, std::size_t begin) {
    const auto key = add_literal(token_.offset + 1, token_.length - 1, Value::string(token_.text));
    if (!advance()) return std::nullopt;
    return add(Kind::index, begin, {target, key});
  }

  /// At the "[" behind a term.
  Parsed parse_brackets(NodeId target, std::size_t begin) {
    if (!advance()) return std::nullopt;
    if (token_.is_symbol("]")) {
      if (!advance()) return std::nullopt;
      return add(Kind::iterate, begin, {target});
    }
    if (token_.is_symbol(":")) {
      const auto from = add_literal(token_.offset, 0, Value());
      return parse_slice_end(target, from, begin, true);
    }
    const auto key = parse_pipe();
    if (!key) return std::nullopt;
    if (token_.is_symbol(":")) return parse_slice_end(target, *key, begin, false);
    if (!token_.is_symbol("]")) return unexpected("']'");
    if (!advance()) return std::nullopt;
    return add(Kind::index, begin, {target, *key});
  }

  /// At the ":" of a slice.
  Parsed parse_slice_end(NodeId target, NodeId from, std::size_t begin, bool needs_end) {
    if (!advance()) return std::nullopt;
    Parsed to;
    if (token_.is_symbol("]") && !needs_end) {
      to = add_literal(token_.offset, 0, Value());
    } else {
      to = parse_pipe();
    }
    if (!to) return std::nullopt;
    if (!token_.is_symbol("]")) return unexpected("']'");
    if (!advance()) return std::nullopt;
    return add(Kind::slice, begin, {target, from, *to});
  }

  Parsed parse_term() {
    const auto begin = token_.offset;
    switch (token_.kind) {
      case Token::Kind::number: {
        const auto literal = add_literal(begin, token_.length, token_.number);
        if (!advance()) return std::nullopt;
        return literal;
      }
      case Token::Kind::quote:
        return parse_string();
      case Token::Kind::field: {
        const auto input = add(Kind::identity, begin, {});
        return input ? parse_field(*input, begin) : std::nullopt;
      }
      case Token::Kind::variable: {
        const auto name = token_.text;
        if (!advance()) return std::nullopt;
        const auto variable = add(Kind::variable, begin, {});
        if (variable) tree_.nodes[*variable].name = name;
        return variable;
      }
      case Token::Kind::name:
        if (token_.text == "if") return parse_condition();
        return parse_call();
      case Token::Kind::symbol:
        if (token_.text == ".") return parse_identity();
        if (token_.text == "(") return parse_group();
        if (token_.text == "[") return parse_array();
        if (token_.text == "{") return parse_object();
        break;
      case Token::Kind::end:
        break;
    }
    return unexpected("an expression");
  }

  /// `.`, `."name"`; `.[` is left to the postfix.
  Parsed parse_identity() {
    const auto begin = token_.offset;
    if (!advance()) return std::nullopt;
    const auto input = add(Kind::identity, begin, {});
    if (!input || token_.kind != Token::Kind::quote) return input;
    const auto key = parse_string();
    if (!key) return std::nullopt;
    return add(Kind::index, begin, {*input, *key});
  }

  Parsed parse_group() {
    if (!advance()) return std::nullopt;
    const auto inside = parse_pipe();
    if (!inside) return std::nullopt;
    if (!token_.is_symbol(")")) return unexpected("')'");
    if (!advance()) return std::nullopt;
    return inside;
  }

  Parsed parse_array() {
    const auto begin = token_.offset;
    if (!advance()) return std::nullopt;
    std::vector<NodeId> body;
    if (!token_.is_symbol("]")) {
      const auto inside = parse_pipe();
      if (!inside) return std::nullopt;
      body.push_back(*inside);
      if (!token_.is_symbol("]")) return unexpected("']'");
    }
    if (!advance()) return std::nullopt;
    return add(Kind::array, begin, body);
  }

  Parsed parse_object() {
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
  bool parse_entry(std::vector<NodeId>& entries) {
    const auto entry = token_;
    Parsed key;
    if (entry.kind == Token::Kind::name || entry.kind == Token::Kind::variable) {
      key = add_literal(entry.offset, entry.length, Value::string(entry.text));
      if (!advance()) return false;
    } else if (entry.kind == Token::Kind::quote) {
      key = parse_string();
    } else if (entry.is_symbol("(")) {
      key = parse_group();
    } else {
      unexpected("a key or '}'");
    }
    if (!key) return false;
    entries.push_back(*key);
    if (token_.is_symbol(":")) {
      if (!advance()) return false;
      const auto value = parse_entry_value();
      if (value) entries.push_back(*value);
      return value.has_value();
    }
    if (entry.is_symbol("(")) return unexpected("':'"), false;
    Parsed value;
    if (entry.kind == Token::Kind::variable) {
      value = add(Kind::variable, entry.offset, {});
      if (value) tree_.nodes[*value].name = entry.text;
    } else if (const auto input = add(Kind::identity, entry.offset, {})) {
      value = add(Kind::index, entry.offset, {*input, *key});
    }
    if (value) entries.push_back(*value);
    return value.has_value();
  }

  Parsed parse_entry_value() {
    const auto begin = token_.offset;
    std::vector<NodeId> parts;
    while (true) {
      const auto part = parse_binary(kLoosest);
      if (!part) return std::nullopt;
      parts.push_back(*part);
      if (!token_.is_symbol("|")) break;
      if (!advance()) return std::nullopt;
    }
    return parts.size() == 1 ? parts[0] : add(Kind::pipe, begin, parts);
  }

  /// At an opening quote.
  Parsed parse_string() {
    const auto begin = token_.offset;
    std::vector<NodeId> parts;
    std::string text;
    while (true) {
      const auto text_begin = lexer_.offset();
      const auto end = lexer_.read_text(text);
      if (!end) return lexer_failed();
      const auto literal =
          add_literal(text_begin, lexer_.offset() - text_begin, Value::string(text));
      if (*end == Lexer::TextEnd::quote) {
        parts.push_back(literal);
        break;
      }
      if (!text.empty()) parts.push_back(literal);
      if (!advance()) return std::nullopt;
      const auto inside = parse_pipe();
      if (!inside) return std::nullopt;
      if (!token_.is_symbol(")")) return unexpected("')'");
      parts.push_back(*inside);
    }
    end_ = lexer_.offset();
    if (!advance_keeping_end()) return std::nullopt;
    if (parts.size() > 1) return add(Kind::interpolate, begin, parts);
    tree_.nodes[parts[0]].offset = static_cast<std::uint32_t>(begin);
    tree_.nodes[parts[0]].length = static_cast<std::uint32_t>(end_ - begin);
    return parts[0];
  }

  /// if c then t elif c then t else e end
  Parsed parse_condition() {
    const auto begin = token_.offset;
    std::vector<NodeId> parts;
    do {
      if (!advance()) return std::nullopt;
      const auto condition = parse_pipe();
      if (!condition) return std::nullopt;
      if (!token_.is_name("then")) return unexpected("'then'");
      if (!advance()) return std::nullopt;
      const auto consequence = parse_pipe();
      if (!consequence) return std::nullopt;
      parts.insert(parts.end(), {*condition, *consequence});
    } while (token_.is_name("elif"));
    Parsed otherwise;
    if (token_.is_name("else")) {
      if (!advance()) return std::nullopt;
      otherwise = parse_pipe();
    } else {
      otherwise = add(Kind::identity, token_.offset, {});
    }
    if (!otherwise) return std::nullopt;
    parts.push_back(*otherwise);
    if (!token_.is_name("end")) return unexpected("'end'");
    if (!advance()) return std::nullopt;
    return add(Kind::condition, begin, parts);
  }

  Parsed parse_call() {
    const auto name = token_;
    if (std::find(kKeywords.begin(), kKeywords.end(), name.text) != kKeywords.end()) {
      return unexpected("an expression");
    }
    if (!advance()) return std::nullopt;
    for (const auto& [text, value] :
         {std::pair("null", Value()), std::pair("true", Value::boolean(true)),
          std::pair("false", Value::boolean(false))}) {
      if (name.text == text) return add_literal(name.offset, name.length, value);
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
    const auto call = add(Kind::call, name.offset, arguments);
    if (call) tree_.nodes[*call].name = name.text;
    return call;
  }

  // --- tokens and nodes

  /// Goes to the next token; false on a failure.
  bool advance() {
    end_ = token_.offset + token_.length;
    return advance_keeping_end();
  }

  bool advance_keeping_end() {
    auto token = lexer_.next();
    if (!token) return lexer_failed(), false;
    token_ = std::move(*token);
    return true;
  }

  NodeId add_literal(std::size_t offset, std::size_t length, Value value) {
    const auto id = static_cast<NodeId>(tree_.nodes.size());
    Node node;
    node.kind = Kind::literal;
    node.offset = static_cast<std::uint32_t>(offset);
    node.length = static_cast<std::uint32_t>(length);
    node.value = std::move(value);
    tree_.nodes.push_back(std::move(node));
    return id;
  }

  /// A node that reaches from `begin` to the end of the last token taken.
  Parsed add(Kind kind, std::size_t begin, std::span<const NodeId> children) {
    Node node;
    node.kind = kind;
    node.offset = static_cast<std::uint32_t>(begin);
    node.length = static_cast<std::uint32_t>(std::max(end_, begin) - begin);
    node.first_child = static_cast<std::uint32_t>(tree_.children.size());
    node.child_count = static_cast<std::uint32_t>(children.size());
    for (const auto child : children) node.height = std::max(node.height, tree_[child].height + 1);
    if (node.height > kMaxNesting) return too_deep();
    tree_.children.insert(tree_.children.end(), children.begin(), children.end());
    tree_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(tree_.nodes.size() - 1);
  }
  Parsed add(Kind kind, std::size_t begin, std::initializer_list<NodeId> children) {
    return add(kind, begin, std::span(children.begin(), children.size()));
  }

  // --- failures

  std::nullopt_t fail(Problem problem) {
    if (!problem_) problem_ = std::move(problem);
    return std::nullopt;
  }
  std::nullopt_t lexer_failed() { return fail(lexer_.problem()); }
  std::nullopt_t too_deep() {
    return fail({token_.offset,
                 token_.length,
                 fmt::format("the expression nests deeper than {} levels", kMaxNesting),
                 {}});
  }
  std::nullopt_t unexpected(std::string_view expected) {
    if (token_.kind == Token::Kind::end) {
      return fail({token_.offset,
                   0,
                   source_.find_first_not_of(" \t\r\n") == std::string_view::npos
                       ? std::string("the expression is empty")
                       : fmt::format("the expression ends where {} is expected", expected),
                   {}});
    }
    return fail({token_.offset,
                 token_.length,
                 fmt::format("unexpected '{}': expected {}",
                             source_.substr(token_.offset, token_.length), expected),
                 {}});
  }

  std::string_view source_;
  Lexer lexer_;
  Token token_;
  std::size_t end_ = 0;  // of the last token taken
  Tree tree_;
  std::uint32_t level_ = 0;
  std::optional<Problem> problem_;
};

}  // namespace

boost::system::result<Tree, Problem> parse(std::string_view source) {
  return Parser(source).run();
}

}  // namespace tba::expression
