#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/error.h"
#include "shared/expression/program.h"
#include "shared/expression/template.h"
#include "shared/value/value.h"

namespace tba::expression {

/// A field of a credential, by its name: `!secret credential.field`.
struct SecretReference {
  std::string credential;
  std::string field;

  bool operator==(const SecretReference&) const = default;
};

/// The way from a value to a part of it: names of members and indices of items.
using ValuePath = std::vector<std::variant<std::string, std::size_t>>;

/// A secret of a mapping, and where in the mapping's value it belongs.
struct PlacedSecret {
  ValuePath path;
  SecretReference secret;

  bool operator==(const PlacedSecret&) const = default;
};

/// Data with templates and secrets at its leaves, as `with:`, `set:` and `output:` hold it, which
/// remembers where in the workflow's file each template stands. Immutable; cheap to copy; may be
/// evaluated by several threads at once.
class Mapping {
 public:
  using Members = std::vector<std::pair<std::string, Mapping>>;

  Mapping() = default;  ///< The constant null.

  static Mapping constant(Value value);
  /// A template without expressions becomes a constant string.
  static Mapping text(Template text, SourcePositions where);
  /// What has no value here: it evaluates to null, and who makes use of the value puts the secret
  /// where secrets() says.
  static Mapping secret(SecretReference reference);
  static Mapping array(std::vector<Mapping> items);
  /// Names are unique.
  static Mapping object(Members members);

  bool is_null() const;  ///< The constant null.
  /// Whether no part of it is an expression or a secret. Arrays and objects of constants are
  /// constants.
  bool is_constant() const;
  const Value& as_constant() const;  ///< Requires: is_constant().
  bool is_secret() const;            ///< Whether it was made by secret().
  /// Whether it is text around expressions, whose value is a string.
  bool is_text() const;
  /// Whether it was made by object(), be its members constant or not.
  bool is_object() const;
  /// What object() was given; empty if it was made otherwise.
  const Members& members() const;
  /// What array() was given; empty if it was made otherwise.
  const std::vector<Mapping>& items() const;

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

  /// The secrets in it, in their order.
  std::vector<PlacedSecret> secrets() const;

 private:
  struct Node;
  void collect_secrets(ValuePath& path, std::vector<PlacedSecret>& found) const;
  explicit Mapping(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

  std::shared_ptr<const Node> node_;  // null: the constant null
};

}  // namespace tba::expression
