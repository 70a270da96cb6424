#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/error.h"
#include "shared/expression/program.h"
#include "shared/expression/template.h"
#include "shared/value/value.h"

namespace tba::expression {

/// Data with templates at its leaves, as `with:`, `set:` and `output:` hold it, which remembers
/// where in the workflow's file each template stands. Immutable; cheap to copy; may be evaluated by
/// several threads at once.
class Mapping {
 public:
  using Members = std::vector<std::pair<std::string, Mapping>>;

  Mapping() = default;  ///< The constant null.

  static Mapping constant(Value value);
  /// A template without expressions becomes a constant string.
  static Mapping text(Template text, SourcePositions where);
  static Mapping array(std::vector<Mapping> items);
  /// Names are unique.
  static Mapping object(Members members);

  bool is_null() const;  ///< The constant null.
  /// Whether no part of it is an expression. Arrays and objects of constants are constants.
  bool is_constant() const;
  const Value& as_constant() const;  ///< Requires: is_constant().
  /// Whether it is text around expressions, whose value is a string.
  bool is_text() const;
  /// Whether it was made by object(), be its members constant or not.
  bool is_object() const;
  /// What object() was given; empty if it was made otherwise.
  const Members& members() const;

  /// The value, every template evaluated with the same context. Errors: `invalid`, or
  /// `limit_exceeded` for a spent budget (each template has the whole of it); the message begins
  /// with "file:line:column: " of the offending part of the expression.
  Result<Value> evaluate(const Context& context, const Budget& budget = {},
                         const Surroundings& surroundings = Surroundings::standard()) const;

  /// "file:line:column" of the text that an expression stands in, for errors about its value. Empty
  /// where it is a constant or made of several.
  std::string place() const;

  /// What its expressions read. Offsets are those within each template.
  std::vector<Reference> references() const;

 private:
  struct Node;
  explicit Mapping(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

  std::shared_ptr<const Node> node_;  // null: the constant null
};

}  // namespace tba::expression
