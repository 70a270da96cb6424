#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shared/expression/tree.h"

namespace tba::expression::detail {

/// The functions of the language that are themselves written in jq: prelude.jq, parsed once.
class Prelude {
 public:
  Prelude();

  struct Entry {
    std::string_view name;
    std::uint32_t arity;
    const Node* node;  ///< Its definition, part of tree().
  };

  /// The definition; null if there is none.
  const Node* find(std::string_view name, std::uint32_t arity) const;
  /// All of them, sorted by name, then by arity.
  std::span<const Entry> entries() const { return entries_; }
  const Tree& tree() const { return tree_; }

 private:
  Tree tree_;
  std::vector<Entry> entries_;
};

/// The only one. Safe to call from any thread.
const Prelude& prelude();

}  // namespace tba::expression::detail
