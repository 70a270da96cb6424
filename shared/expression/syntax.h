#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "shared/expression/lexer.h"
#include "shared/expression/program.h"
#include "shared/expression/tree.h"

namespace tba::expression {

/// Recursive descent, with precedence climbing for the operators. Each parse_… begins at token_ and
/// leaves there the first token it does not want. After a failure every function gives nothing.
class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source), lexer_(source) {}

  /// A whole program.
  boost::system::result<Tree, Problem> parse_program();
  /// `def …; def …;`, with nothing behind: a define without a body.
  boost::system::result<Tree, Problem> parse_definitions();

 private:
  using Parsed = std::optional<NodeId>;

  /// Counts how deep the descent is: at most twice for each level of nesting.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) { ++parser_.level_; }
    ~Level() { --parser_.level_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool is_too_deep() const;

   private:
    Parser& parser_;
  };

  // Operators and control flow, from the loosest construct to the tightest: parser.cc
  Parsed parse_pipe();
  Parsed parse_comma();
  Parsed parse_binary(int precedence);
  Parsed parse_unary();
  Parsed parse_binding(NodeId source);
  Parsed parse_try();
  Parsed parse_label();
  Parsed parse_define();
  bool parse_functions(std::vector<NodeId>& functions);
  Parsed parse_function();
  bool parse_parameter(std::vector<NodeId>& parameters);
  Parsed parse_condition();
  Parsed parse_loop(Node::Kind kind);
  bool parse_loop_part(std::string_view opening, std::vector<NodeId>& parts);

  // Terms and patterns: parser_terms.cc
  Parsed parse_postfix();
  Parsed parse_suffix(NodeId target, std::size_t begin);
  Parsed parse_field(NodeId target, std::size_t begin);
  Parsed parse_brackets(NodeId target, std::size_t begin);
  Parsed parse_slice_end(NodeId target, NodeId from, std::size_t begin, bool needs_end);
  Parsed parse_term();
  Parsed parse_word();
  Parsed parse_variable();
  Parsed parse_identity();
  Parsed parse_group();
  Parsed parse_array();
  Parsed parse_object();
  bool parse_entry(std::vector<NodeId>& entries);
  Parsed parse_entry_key();
  Parsed parse_entry_value();
  Parsed parse_format();
  Parsed parse_string(std::string_view format = {});
  Parsed parse_break();
  Parsed parse_call();
  bool parse_patterns(std::vector<NodeId>& patterns);
  Parsed parse_pattern();
  Parsed parse_array_pattern();
  Parsed parse_object_pattern();
  bool parse_pattern_entry(std::vector<NodeId>& entries);

  // Tokens, nodes and failures
  bool advance();
  bool advance_keeping_end();
  bool take(std::string_view symbol);
  bool expect(std::string_view symbol);
  bool expect_name(std::string_view name);
  NodeId add_literal(std::size_t offset, std::size_t length, Value value);
  Parsed add(Node::Kind kind, std::size_t begin, std::span<const NodeId> children,
             std::string_view name = {});
  Parsed add(Node::Kind kind, std::size_t begin, std::initializer_list<NodeId> children,
             std::string_view name = {}) {
    return add(kind, begin, std::span(children.begin(), children.size()), name);
  }
  std::nullopt_t fail(Problem problem);
  std::nullopt_t lexer_failed() { return fail(lexer_.problem()); }
  std::nullopt_t too_deep();
  std::nullopt_t unexpected(std::string_view expected);
  boost::system::result<Tree, Problem> finish(Parsed root);

  std::string_view source_;
  Lexer lexer_;
  Token token_;
  std::size_t end_ = 0;  // of the last token taken
  Tree tree_;
  std::uint32_t level_ = 0;
  std::optional<Problem> problem_;
};

}  // namespace tba::expression
