#include "shared/expression/prelude.h"

#include <algorithm>
#include <utility>

#include "shared/embedded_file.h"
#include "shared/expression/parser.h"

namespace tba::expression::detail {
namespace {

std::pair<std::string_view, std::uint32_t> order_of(const Prelude::Entry& entry) {
  return {entry.name, entry.arity};
}

}  // namespace

Prelude::Prelude() : tree_(parse_definitions(kPreludeFiles.front().text).value()) {
  for (const auto id : tree_.children_of(tree_[tree_.root])) {
    const auto& node = tree_[id];
    entries_.push_back({node.name, node.child_count - 1, &node});
  }
  std::ranges::sort(entries_, {}, order_of);
}

const Node* Prelude::find(std::string_view name, std::uint32_t arity) const {
  const auto found = std::ranges::lower_bound(entries_, std::pair(name, arity), {}, order_of);
  if (found == entries_.end() || order_of(*found) != std::pair(name, arity)) return nullptr;
  return found->node;
}

const Prelude& prelude() {
  static const Prelude kPrelude;
  return kPrelude;
}

}  // namespace tba::expression::detail
