#include "shared/expression/output_kinds.h"

#include <algorithm>
#include <array>

#include "shared/expression/parser.h"
#include "shared/expression/tree.h"

namespace tba::expression {
namespace {

using Kind = Value::Kind;

/// What functions give, whatever they are given; those whose outputs may be anything are left out.
struct Known {
  std::string_view name;
  Kinds outputs;
};

constexpr std::array kKnown = {
    Known{"all", Kind::boolean},
    Known{"any", Kind::boolean},
    Known{"ascii_downcase", Kind::string},
    Known{"ascii_upcase", Kind::string},
    Known{"ceil", Kind::number},
    Known{"contains", Kind::boolean},
    Known{"empty", Kinds()},
    Known{"endswith", Kind::boolean},
    Known{"error", Kinds()},
    Known{"explode", Kind::array},
    Known{"floor", Kind::number},
    Known{"from_entries", Kind::object},
    Known{"fromdate", Kind::number},
    Known{"group_by", Kind::array},
    Known{"has", Kind::boolean},
    Known{"implode", Kind::string},
    Known{"inside", Kind::boolean},
    Known{"isempty", Kind::boolean},
    Known{"join", Kind::string},
    Known{"keys", Kind::array},
    Known{"length", Kind::number},
    Known{"map", Kind::array},
    Known{"mktime", Kind::number},
    Known{"not", Kind::boolean},
    Known{"now", Kind::number},
    Known{"round", Kind::number},
    Known{"sort", Kind::array},
    Known{"sort_by", Kind::array},
    Known{"startswith", Kind::boolean},
    Known{"strftime", Kind::string},
    Known{"test", Kind::boolean},
    Known{"to_entries", Kind::array},
    Known{"toarray", Kind::array},
    Known{"todate", Kind::string},
    Known{"tojson", Kind::string},
    Known{"tonumber", Kind::number},
    Known{"tostring", Kind::string},
    Known{"type", Kind::string},
    Known{"unique", Kind::array},
    Known{"unique_by", Kind::array},
    Known{"utf8bytelength", Kind::number},
    Known{"with_entries", Kind::object},
};
static_assert(std::ranges::is_sorted(kKnown, {}, &Known::name));

class Inference {
 public:
  explicit Inference(const Tree& tree) : tree_(tree) {}

  /// Of what the construct gives for an input of these kinds.
  Kinds outputs(const Node& node, Kinds input) const {
    switch (node.kind) {
      case Node::Kind::identity:
        return input;
      case Node::Kind::literal:
        return node.value.kind();
      case Node::Kind::negate:
        return Kind::number;
      case Node::Kind::array:
        return Kind::array;
      case Node::Kind::object:
        return Kind::object;
      case Node::Kind::interpolate:
        return Kind::string;
      case Node::Kind::pipe:
        for (const auto part : tree_.children_of(node)) input = outputs(tree_[part], input);
        return input;
      case Node::Kind::comma:
        return outputs_of_all(node, input);
      case Node::Kind::binary:
        return of_binary(node, input);
      case Node::Kind::condition:
        return of_condition(node, input);
      case Node::Kind::bind:
        return outputs(tree_[tree_.children_of(node).back()], input);
      case Node::Kind::call:
        return of_call(node, input);
      default:  // also whatever defines functions: the calls that are looked at are jq's own
        return Kinds::all();
    }
  }

 private:
  Kinds outputs_of_all(const Node& node, Kinds input) const {
    Kinds all;
    for (const auto part : tree_.children_of(node)) all = all | outputs(tree_[part], input);
    return all;
  }

  Kinds of_binary(const Node& node, Kinds input) const {
    const auto left = outputs(tree_.child(node, 0), input);
    const auto right = outputs(tree_.child(node, 1), input);
    switch (node.operation) {
      case Operator::add:  // null and anything give the other one
        return left | right;
      case Operator::subtract:
        return Kinds(Kind::number) | Kind::array;
      case Operator::multiply:
        return Kinds(Kind::number) | Kind::string | Kind::object | Kind::null;
      case Operator::divide:
        return Kinds(Kind::number) | Kind::array;
      case Operator::remainder:
        return Kind::number;
      case Operator::equal:
      case Operator::not_equal:
      case Operator::less:
      case Operator::less_or_equal:
      case Operator::greater:
      case Operator::greater_or_equal:
      case Operator::logical_and:
      case Operator::logical_or:
        return Kind::boolean;
      case Operator::alternative:
        return left | right;
      default:  // assignments
        return Kinds::all();
    }
  }

  /// if, then, if, then …, else; what the conditions give does not come out.
  Kinds of_condition(const Node& node, Kinds input) const {
    const auto children = tree_.children_of(node);
    Kinds all = children.size() % 2 == 0 ? input : outputs(tree_[children.back()], input);
    for (std::size_t i = 1; i < children.size(); i += 2) {
      all = all | outputs(tree_[children[i]], input);
    }
    return all;
  }

  Kinds of_call(const Node& node, Kinds input) const {
    if (node.name == "select") return input;
    const auto* const found = std::ranges::lower_bound(kKnown, node.name, {}, &Known::name);
    return found != kKnown.end() && found->name == node.name ? found->outputs : Kinds::all();
  }

  const Tree& tree_;
};

}  // namespace

Kinds output_kinds(std::string_view program) {
  const auto tree = parse(program);
  return tree ? Inference(*tree).outputs((*tree)[tree->root], Kinds::all()) : Kinds::all();
}

}  // namespace tba::expression
