#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/diagnostic.h"

/// YAML 1.2 files as trees that remember where everything stands.
namespace tba::yaml {

class Node;
using NodePtr = std::shared_ptr<const Node>;

/// A key of a mapping and its value. The key is a scalar.
struct Member {
  NodePtr key;
  NodePtr value;
};

/// A part of a file. Immutable once read; what an alias names is shared.
class Node {
 public:
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  bool is_quoted = false;       ///< A scalar that is quoted, or a block: text, whatever it says.
  bool is_secret = false;       ///< A scalar with the tag `!secret`: the name of one.
  std::string text;             ///< A scalar, decoded.
  std::vector<NodePtr> items;   ///< Of a sequence.
  std::vector<Member> members;  ///< Of a mapping, in order, without those whose key came before.
  SourcePositions where;        ///< Of a scalar's text, else of the first character.
  std::size_t weight = 1;       ///< Nodes in it, itself included, as if aliases were written out.

  /// The value of that key, or null if there is none.
  const Node* find(std::string_view key) const;

  /// "null", "text", "a secret", "a list", "a mapping": for messages.
  std::string_view kind_name() const;

  /// Adds an error that underlines a scalar, or the first character of anything else.
  void error(Diagnostics& diagnostics, std::string message, std::string hint = {}) const;
};

/// What a file may use, so that reading it takes milliseconds whatever is in it.
struct Limits {
  std::size_t bytes = 1 << 20;
  std::size_t depth = 64;
  std::size_t weight = 100'000;  ///< Nodes in all, aliases written out.
};

/// Reads a file of one document. Adds its problems to `diagnostics`: bad UTF-8, syntax, duplicate
/// keys, keys that are not scalars, tags but `!secret`, limits. Gives null only after an error; an
/// empty file is a null node. Never throws on bad input.
NodePtr read(const std::shared_ptr<const SourceFile>& file, Diagnostics& diagnostics,
             const Limits& limits = {});

}  // namespace tba::yaml
