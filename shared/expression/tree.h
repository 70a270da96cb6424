#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shared/value/value.h"

namespace tba::expression {

enum class Operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  remainder,
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  logical_and,
  logical_or,
  alternative,  ///< `//`
  assign,       ///< `=`
  update,       ///< `|=`
  update_add,   ///< `+=`, and so on
  update_subtract,
  update_multiply,
  update_divide,
  update_remainder,
  update_alternative,  ///< `//=`
};

/// Position of a node in its tree.
using NodeId = std::uint32_t;

/// One construct of a program. What its children are depends on the kind.
struct Node {
  enum class Kind : std::uint8_t {
    identity,     ///< `.`
    literal,      ///< `value`
    variable,     ///< `$name`; also as a pattern
    index,        ///< `target[key]` and `target.key`
    slice,        ///< `target[from:to]`; a side that is not given is the literal null
    iterate,      ///< `target[]`
    attempt,      ///< `body?`, `try body` and `try body catch handler`
    negate,       ///< `-operand`
    pipe,         ///< two or more, `f | g | h`
    comma,        ///< two or more, `f, g, h`
    binary,       ///< left, right, with `operation`
    array,        ///< `[body]`, or without a child `[]`
    object,       ///< key, value, key, value …
    condition,    ///< if, then, if, then …, else; without an else it is the identity
    interpolate,  ///< the parts of a string: literals are text, others are put in by @name
    format,       ///< `@name`
    call,         ///< `name(arguments)`
    bind,         ///< `source as pattern ?// pattern … | body`: source, patterns, body
    reduce,       ///< `reduce source as patterns (start; update)`: source, start, update, patterns
    foreach,      ///< `foreach source as patterns (start; update; extract)`: likewise, extract
                  ///< (the identity if not given) before the patterns
    label,        ///< `label $name | body`
    break_,       ///< `break $name`
    define,       ///< functions, and the body that may call them
    function,     ///< `def name(parameters): body;`: parameters, body
    parameter,    ///< `name`, a closure
    value_parameter,  ///< `$name`
    array_pattern,    ///< patterns of the first items
    object_pattern,   ///< key, pattern, key, pattern …
  };

  Kind kind = Kind::identity;
  Operator operation = Operator::add;
  std::uint32_t offset = 0;  ///< In the program's text, of the whole construct.
  std::uint32_t length = 0;
  std::uint32_t first_child = 0;  ///< In Tree::children.
  std::uint32_t child_count = 0;
  std::uint32_t height = 1;  ///< 1 without children, else one more than the highest of them.
  std::string_view name;     ///< Part of the program's text.
  Value value;
};

/// A parsed program. Lives no longer than the program's text.
struct Tree {
  std::vector<Node> nodes;
  std::vector<NodeId> children;
  NodeId root = 0;

  const Node& operator[](NodeId id) const { return nodes[id]; }
  std::span<const NodeId> children_of(const Node& node) const {
    return std::span(children).subspan(node.first_child, node.child_count);
  }
  const Node& child(const Node& node, std::size_t index) const {
    return nodes[children[node.first_child + index]];
  }
};

}  // namespace tba::expression
