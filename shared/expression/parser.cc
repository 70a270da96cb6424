#include "shared/expression/parser.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "shared/expression/syntax.h"

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
constexpr int kMultiplicative = 7;
constexpr auto kBinaryOperators = std::to_array<BinaryOperator>({
    {"//", Operator::alternative, kLoosest, BinaryOperator::Side::right},
    {"=", Operator::assign, 2, BinaryOperator::Side::neither},
    {"|=", Operator::update, 2, BinaryOperator::Side::neither},
    {"+=", Operator::update_add, 2, BinaryOperator::Side::neither},
    {"-=", Operator::update_subtract, 2, BinaryOperator::Side::neither},
    {"*=", Operator::update_multiply, 2, BinaryOperator::Side::neither},
    {"/=", Operator::update_divide, 2, BinaryOperator::Side::neither},
    {"%=", Operator::update_remainder, 2, BinaryOperator::Side::neither},
    {"//=", Operator::update_alternative, 2, BinaryOperator::Side::neither},
    {"or", Operator::logical_or, 3, BinaryOperator::Side::left},
    {"and", Operator::logical_and, 4, BinaryOperator::Side::left},
    {"==", Operator::equal, 5, BinaryOperator::Side::neither},
    {"!=", Operator::not_equal, 5, BinaryOperator::Side::neither},
    {"<", Operator::less, 5, BinaryOperator::Side::neither},
    {"<=", Operator::less_or_equal, 5, BinaryOperator::Side::neither},
    {">", Operator::greater, 5, BinaryOperator::Side::neither},
    {">=", Operator::greater_or_equal, 5, BinaryOperator::Side::neither},
    {"+", Operator::add, 6, BinaryOperator::Side::left},
    {"-", Operator::subtract, 6, BinaryOperator::Side::left},
    {"*", Operator::multiply, kMultiplicative, BinaryOperator::Side::left},
    {"/", Operator::divide, kMultiplicative, BinaryOperator::Side::left},
    {"%", Operator::remainder, kMultiplicative, BinaryOperator::Side::left},
});

const BinaryOperator* binary_operator(const Token& token) {
  if (token.kind != Token::Kind::symbol && token.kind != Token::Kind::name) return nullptr;
  const auto found = std::find_if(kBinaryOperators.begin(), kBinaryOperators.end(),
                                  [&](const auto& entry) { return entry.text == token.text; });
  return found == kBinaryOperators.end() ? nullptr : &*found;
}

}  // namespace

bool Parser::Level::is_too_deep() const {
  return parser_.level_ > 2 * kMaxNesting;
}

boost::system::result<Tree, Problem> Parser::parse_program() {
  if (source_.size() > std::numeric_limits<std::uint32_t>::max() / 2) {
    return Problem{0, 0, "the expression is too long", {}};
  }
  const auto root = advance() ? parse_pipe() : std::nullopt;
  if (root && token_.kind != Token::Kind::end) unexpected("an operator or the end");
  return finish(root);
}

boost::system::result<Tree, Problem> Parser::parse_definitions() {
  std::vector<NodeId> functions;
  Parsed root;
  if (advance() && parse_functions(functions)) root = add(Kind::define, 0, functions);
  if (root && token_.kind != Token::Kind::end) unexpected("'def' or the end");
  return finish(root);
}

boost::system::result<Tree, Problem> Parser::finish(Parsed root) {
  if (problem_) return std::move(*problem_);
  tree_.root = *root;
  return std::move(tree_);
}

// --- operators

/// f | g | h
Parser::Parsed Parser::parse_pipe() {
  const Level level(*this);
  if (level.is_too_deep()) return too_deep();
  const auto begin = token_.offset;
  std::vector<NodeId> parts;
  do {
    const auto part = parse_comma();
    if (!part) return std::nullopt;
    parts.push_back(*part);
  } while (take("|"));
  if (problem_) return std::nullopt;
  return parts.size() == 1 ? parts[0] : add(Kind::pipe, begin, parts);
}

/// f, g, h
Parser::Parsed Parser::parse_comma() {
  const auto begin = token_.offset;
  std::vector<NodeId> parts;
  do {
    const auto part = parse_binary(kLoosest);
    if (!part) return std::nullopt;
    parts.push_back(*part);
  } while (take(","));
  if (problem_) return std::nullopt;
  return parts.size() == 1 ? parts[0] : add(Kind::comma, begin, parts);
}

/// Operators that bind at least that tightly.
Parser::Parsed Parser::parse_binary(int precedence) {
  const Level level(*this);
  if (level.is_too_deep()) return too_deep();
  const auto begin = token_.offset;
  auto left = parse_unary();
  int bound = std::numeric_limits<int>::max();  // by an operator that associates with neither side
  while (left) {
    const auto* found = binary_operator(token_);
    if (found == nullptr || found->precedence < precedence) break;
    if (found->precedence == bound) {
      return unexpected("another operator or ')': this one cannot be chained");
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

/// A term, or a construct that begins with a word or a sign and goes as far as it can.
Parser::Parsed Parser::parse_unary() {
  if (token_.is_name("def")) return parse_define();
  if (token_.is_name("label")) return parse_label();
  if (token_.is_name("try")) return parse_try();
  const auto begin = token_.offset;
  if (token_.is_symbol("-")) {
    if (!advance()) return std::nullopt;
    const auto operand = parse_binary(kMultiplicative);
    if (!operand) return std::nullopt;
    return add(Kind::negate, begin, {*operand});
  }
  const auto term = parse_postfix();
  return term && token_.is_name("as") ? parse_binding(*term) : term;
}

// --- control flow

/// At the `as` behind a source.
Parser::Parsed Parser::parse_binding(NodeId source) {
  const auto begin = tree_[source].offset;
  if (!advance()) return std::nullopt;
  std::vector<NodeId> parts{source};
  if (!parse_patterns(parts) || !expect("|")) return std::nullopt;
  const auto body = parse_pipe();
  if (!body) return std::nullopt;
  parts.push_back(*body);
  return add(Kind::bind, begin, parts);
}

/// try body, try body catch handler
Parser::Parsed Parser::parse_try() {
  const Level level(*this);
  if (level.is_too_deep()) return too_deep();
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  const auto body = parse_unary();
  if (!body) return std::nullopt;
  if (!token_.is_name("catch")) return add(Kind::attempt, begin, {*body});
  if (!advance()) return std::nullopt;
  const auto handler = parse_unary();
  if (!handler) return std::nullopt;
  return add(Kind::attempt, begin, {*body, *handler});
}

/// label $name | body
Parser::Parsed Parser::parse_label() {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  if (token_.kind != Token::Kind::variable) return unexpected("a label's name ('$name')");
  const auto name = token_.text;
  if (!advance() || !expect("|")) return std::nullopt;
  const auto body = parse_pipe();
  if (!body) return std::nullopt;
  return add(Kind::label, begin, {*body}, name);
}

/// def …; def …; body
Parser::Parsed Parser::parse_define() {
  const auto begin = token_.offset;
  std::vector<NodeId> parts;
  if (!parse_functions(parts)) return std::nullopt;
  const auto body = parse_pipe();
  if (!body) return std::nullopt;
  parts.push_back(*body);
  return add(Kind::define, begin, parts);
}

bool Parser::parse_functions(std::vector<NodeId>& functions) {
  while (token_.is_name("def")) {
    const auto function = parse_function();
    if (!function) return false;
    functions.push_back(*function);
  }
  return !problem_;
}

/// def name: body;  def name(f; $value): body;
Parser::Parsed Parser::parse_function() {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  if (token_.kind != Token::Kind::name) return unexpected("a function's name");
  const auto name = token_.text;
  if (!advance()) return std::nullopt;
  std::vector<NodeId> parts;
  if (take("(")) {
    do {
      if (!parse_parameter(parts)) return std::nullopt;
    } while (take(";"));
    if (!expect(")")) return std::nullopt;
  }
  if (!expect(":")) return std::nullopt;
  const auto body = parse_pipe();
  if (!body || !expect(";")) return std::nullopt;
  parts.push_back(*body);
  return add(Kind::function, begin, parts, name);
}

bool Parser::parse_parameter(std::vector<NodeId>& parameters) {
  const bool is_value = token_.kind == Token::Kind::variable;
  if (!is_value && token_.kind != Token::Kind::name) {
    return unexpected("a parameter ('name' or '$name')"), false;
  }
  const auto begin = token_.offset;
  const auto name = token_.text;
  if (!advance()) return false;
  const auto parameter = add(is_value ? Kind::value_parameter : Kind::parameter, begin, {}, name);
  if (parameter) parameters.push_back(*parameter);
  return parameter.has_value();
}

/// if c then t elif c then t else e end
Parser::Parsed Parser::parse_condition() {
  const auto begin = token_.offset;
  std::vector<NodeId> parts;
  do {
    if (!advance()) return std::nullopt;
    const auto condition = parse_pipe();
    if (!condition || !expect_name("then")) return std::nullopt;
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
  if (!otherwise || !expect_name("end")) return std::nullopt;
  parts.push_back(*otherwise);
  return add(Kind::condition, begin, parts);
}

/// reduce source as patterns (start; update)
/// foreach source as patterns (start; update), or with an extract behind the update
Parser::Parsed Parser::parse_loop(Kind kind) {
  const auto begin = token_.offset;
  if (!advance()) return std::nullopt;
  const auto source = parse_postfix();
  std::vector<NodeId> patterns;
  if (!source || !expect_name("as") || !parse_patterns(patterns)) return std::nullopt;
  std::vector<NodeId> parts{*source};
  if (!parse_loop_part("(", parts) || !parse_loop_part(";", parts)) return std::nullopt;
  if (kind == Kind::foreach && token_.is_symbol(";")) {
    if (!parse_loop_part(";", parts)) return std::nullopt;
  } else if (kind == Kind::foreach) {
    const auto extract = add(Kind::identity, token_.offset, {});
    if (!extract) return std::nullopt;
    parts.push_back(*extract);
  }
  if (!expect(")")) return std::nullopt;
  parts.insert(parts.end(), patterns.begin(), patterns.end());
  return add(kind, begin, parts);
}

bool Parser::parse_loop_part(std::string_view opening, std::vector<NodeId>& parts) {
  if (!expect(opening)) return false;
  const auto part = parse_pipe();
  if (part) parts.push_back(*part);
  return part.has_value();
}

// --- tokens, nodes and failures

/// Goes to the next token; false on a failure.
bool Parser::advance() {
  end_ = token_.offset + token_.length;
  return advance_keeping_end();
}

bool Parser::advance_keeping_end() {
  auto token = lexer_.next();
  if (!token) return lexer_failed(), false;
  token_ = std::move(*token);
  return true;
}

/// Goes on where that symbol stands here. False also on a failure.
bool Parser::take(std::string_view symbol) {
  return token_.is_symbol(symbol) && advance();
}

bool Parser::expect(std::string_view symbol) {
  if (!token_.is_symbol(symbol)) return unexpected(fmt::format("'{}'", symbol)), false;
  return advance();
}

bool Parser::expect_name(std::string_view name) {
  if (!token_.is_name(name)) return unexpected(fmt::format("'{}'", name)), false;
  return advance();
}

NodeId Parser::add_literal(std::size_t offset, std::size_t length, Value value) {
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
Parser::Parsed Parser::add(Kind kind, std::size_t begin, std::span<const NodeId> children,
                           std::string_view name) {
  Node node;
  node.kind = kind;
  node.offset = static_cast<std::uint32_t>(begin);
  node.length = static_cast<std::uint32_t>(std::max(end_, begin) - begin);
  node.first_child = static_cast<std::uint32_t>(tree_.children.size());
  node.child_count = static_cast<std::uint32_t>(children.size());
  node.name = name;
  for (const auto child : children) node.height = std::max(node.height, tree_[child].height + 1);
  if (node.height > kMaxNesting) return too_deep();
  tree_.children.insert(tree_.children.end(), children.begin(), children.end());
  tree_.nodes.push_back(std::move(node));
  return static_cast<NodeId>(tree_.nodes.size() - 1);
}

std::nullopt_t Parser::fail(Problem problem) {
  if (!problem_) problem_ = std::move(problem);
  return std::nullopt;
}

std::nullopt_t Parser::too_deep() {
  return fail({token_.offset,
               token_.length,
               fmt::format("the expression nests deeper than {} levels", kMaxNesting),
               {}});
}

std::nullopt_t Parser::unexpected(std::string_view expected) {
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

boost::system::result<Tree, Problem> parse(std::string_view source) {
  return Parser(source).parse_program();
}

boost::system::result<Tree, Problem> parse_definitions(std::string_view source) {
  return Parser(source).parse_definitions();
}

}  // namespace tba::expression
