#include "shared/expression/compiler.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/functions.h"
#include "shared/suggestion.h"

namespace tba::expression {
namespace {

using detail::Code;
using detail::Instruction;
using detail::kOptional;
using detail::kStrict;
using detail::kSwapped;
using detail::Opcode;
using detail::Path;
using detail::PathKey;

using Kind = Node::Kind;

/// Generates the code of each construct: code that replaces its input, on top of the stack, by its
/// output. Recurses as deep as the tree is high, which the parser bounds.
class Compiler {
 public:
  Compiler(const Tree& tree, std::string_view source, Mode mode,
           std::span<const std::string> variables)
      : tree_(tree), at_context_(mode == Mode::workflow) {
    code_.source = source;
    code_.mode = mode;
    code_.instructions.reserve(8);
    for (const auto& name : variables) scope_.push_back({name, new_slot()});
  }

  boost::system::result<std::shared_ptr<const Code>, std::vector<Problem>> run() {
    const auto& root = tree_[tree_.root];
    if (needs_input(root)) {
      generate(root);
    } else {
      push(root);
    }
    emit(Opcode::output, root);
    if (!problems_.empty()) {
      std::stable_sort(problems_.begin(), problems_.end(),
                       [](const Problem& a, const Problem& b) { return a.offset < b.offset; });
      return std::move(problems_);
    }
    std::stable_sort(code_.references.begin(), code_.references.end(),
                     [](const Reference& a, const Reference& b) { return a.offset < b.offset; });
    return std::make_shared<const Code>(std::move(code_));
  }

 private:
  struct Binding {
    std::string_view name;
    std::uint32_t slot;
  };

  /// A function whose code is put in place of the call.
  struct Inlined {
    std::string_view name;
    std::uint32_t arity;
    void (Compiler::*generate)(const Node& call);
  };
  static const std::array<Inlined, 3> kInlined;

  // --- constructs

  void generate(const Node& node) {
    switch (node.kind) {
      case Kind::identity:
        if (at_context_) generate_context(node);
        return;
      case Kind::literal:
      case Kind::variable:
        emit(Opcode::drop, node);
        push(node);
        return;
      case Kind::index:
      case Kind::slice:
      case Kind::iterate:
        generate_suffix(node, false);
        return;
      case Kind::attempt:
        generate_attempt(node);
        return;
      case Kind::negate:
        generate(tree_.child(node, 0));
        emit(Opcode::negate, node);
        return;
      case Kind::pipe:
        generate_pipe(node);
        return;
      case Kind::comma:
        generate_comma(node);
        return;
      case Kind::binary:
        generate_binary(node);
        return;
      case Kind::array:
        generate_array(node);
        return;
      case Kind::object:
        generate_object(node);
        return;
      case Kind::condition:
        generate_condition(node);
        return;
      case Kind::interpolate:
        generate_interpolation(node);
        return;
      case Kind::call:
        generate_call(node);
        return;
      case Kind::bind:
        generate_binding(node);
        return;
    }
  }

  /// Code that leaves the input, which may be `below` other values, and pushes the output.
  void push(const Node& node, std::uint32_t below = 0) {
    if (node.kind == Kind::literal) {
      emit(Opcode::push_constant, node, constant(node.value));
    } else if (node.kind == Kind::variable) {
      push_variable(node);
    } else if (!needs_input(node)) {
      push_rooted(node, false);
    } else {
      emit(Opcode::pick, node, below);
      generate(node);
    }
  }

  /// Whether the code of the construct reads its input from the stack. What does not gives exactly
  /// one output.
  bool needs_input(const Node& node) const {
    switch (node.kind) {
      case Kind::literal:
      case Kind::variable:
        return false;
      case Kind::index:
        return !rooted_base(node).has_value();
      case Kind::attempt: {
        const auto& body = tree_.child(node, 0);
        return body.kind != Kind::index || needs_input(body);
      }
      default:
        return true;
    }
  }

  void generate_context(const Node& node) {
    for (std::size_t i = 0; i < kRootCount; ++i) {
      code_.references.push_back({static_cast<Root>(i), {}, node.offset, node.length});
    }
    emit(Opcode::drop, node);
    emit(Opcode::push_context, node);
  }

  void generate_pipe(const Node& node) {
    const bool outside = at_context_;
    for (const auto child : tree_.children_of(node)) {
      const auto& part = tree_[child];
      generate(part);
      if (part.kind != Kind::identity) at_context_ = false;
    }
    at_context_ = outside;
  }

  void generate_comma(const Node& node) {
    std::vector<std::uint32_t> jumps;
    const auto parts = tree_.children_of(node);
    for (const auto part : parts.first(parts.size() - 1)) {
      const auto fork = emit(Opcode::fork, node);
      generate(tree_[part]);
      jumps.push_back(emit(Opcode::jump, node));
      land(fork);
    }
    generate(tree_[parts.back()]);
    for (const auto jump : jumps) land(jump);
  }

  void generate_binary(const Node& node) {
    const auto& left = tree_.child(node, 0);
    const auto& right = tree_.child(node, 1);
    switch (node.operation) {
      case Operator::logical_and:
      case Operator::logical_or:
        return generate_logical(node, left, right);
      case Operator::alternative:
        return generate_alternative(node, left, right);
      default:
        break;
    }
    if (needs_input(right)) {
      push(right);
      emit(Opcode::swap, node);
      generate(left);
      emit(Opcode::binary, node, static_cast<std::uint32_t>(node.operation));
    } else {
      generate(left);
      push(right);
      emit(Opcode::binary, node, static_cast<std::uint32_t>(node.operation), kSwapped);
    }
  }

  void generate_logical(const Node& node, const Node& left, const Node& right) {
    const bool is_and = node.operation == Operator::logical_and;
    push(left);
    const auto if_false = emit(Opcode::jump_if_false, node);
    const auto right_side = [&] {
      generate(right);
      emit(Opcode::to_boolean, node);
    };
    const auto decided = [&] {
      emit(Opcode::drop, node);
      emit(Opcode::push_constant, node, constant(Value::boolean(!is_and)));
    };
    is_and ? right_side() : decided();
    const auto end = emit(Opcode::jump, node);
    land(if_false);
    is_and ? decided() : right_side();
    land(end);
  }

  /// left // right: those outputs of left that are neither null nor false; if there are none,
  /// right.
  void generate_alternative(const Node& node, const Node& left, const Node& right) {
    if (!needs_input(left)) {
      ++lenient_;
      push(left);
      --lenient_;
      emit(Opcode::pick, node, 0);
      const auto if_false = emit(Opcode::jump_if_false, node);
      emit(Opcode::nip, node);
      const auto end = emit(Opcode::jump, node);
      land(if_false);
      emit(Opcode::drop, node);
      generate(right);
      land(end);
      return;
    }
    const auto found = new_slot();
    emit(Opcode::push_constant, node, constant(Value::boolean(false)));
    emit(Opcode::store, node, found);
    const auto exhausted = emit(Opcode::fork, node);
    ++lenient_;
    generate(left);
    --lenient_;
    emit(Opcode::pick, node, 0);
    const auto if_false = emit(Opcode::jump_if_false, node);
    emit(Opcode::push_constant, node, constant(Value::boolean(true)));
    emit(Opcode::store, node, found);
    const auto end = emit(Opcode::jump, node);
    land(if_false);
    emit(Opcode::backtrack, node);
    land(exhausted);
    emit(Opcode::load, node, found);
    const auto none = emit(Opcode::jump_if_false, node);
    emit(Opcode::backtrack, node);
    land(none);
    generate(right);
    land(end);
  }

  void generate_attempt(const Node& node) {
    const auto& body = tree_.child(node, 0);
    if (body.kind == Kind::index || body.kind == Kind::slice || body.kind == Kind::iterate) {
      generate_suffix(body, true);
      return;
    }
    const auto fork = emit(Opcode::fork_attempt, node);
    ++lenient_;
    generate(body);
    --lenient_;
    emit(Opcode::end_attempt, node);
    const auto end = emit(Opcode::jump, node);
    land(fork);
    emit(Opcode::backtrack, node);
    land(end);
  }

  void generate_array(const Node& node) {
    const auto slot = new_slot();
    emit(Opcode::begin_collection, node, slot);
    if (node.child_count > 0) {
      const auto done = emit(Opcode::fork, node);
      generate(tree_.child(node, 0));
      emit(Opcode::collect, node, slot);
      emit(Opcode::backtrack, node);
      land(done);
    }
    emit(Opcode::end_collection, node, slot);
  }

  void generate_object(const Node& node) {
    emit(Opcode::push_constant, node, constant(Value::object({})));
    const auto entries = tree_.children_of(node);
    for (std::size_t i = 0; i < entries.size(); i += 2) {
      push(tree_[entries[i]], 1);
      push(tree_[entries[i + 1]], 2);
      emit(Opcode::insert, tree_[entries[i]]);
    }
    emit(Opcode::nip, node);
  }

  void generate_condition(const Node& node) {
    std::vector<std::uint32_t> jumps;
    std::size_t part = 0;
    for (; part + 1 < node.child_count; part += 2) {
      push(tree_.child(node, part));
      const auto if_false = emit(Opcode::jump_if_false, node);
      generate(tree_.child(node, part + 1));
      jumps.push_back(emit(Opcode::jump, node));
      land(if_false);
    }
    generate(tree_.child(node, part));
    for (const auto jump : jumps) land(jump);
  }

  /// The last part is evaluated first, so that its outputs vary slowest, as in jq.
  void generate_interpolation(const Node& node) {
    for (std::uint32_t i = 0; i < node.child_count; ++i) {
      push(tree_.child(node, node.child_count - 1 - i), i);
    }
    emit(Opcode::join, node, node.child_count);
    emit(Opcode::nip, node);
  }

  void generate_binding(const Node& node) {
    push(tree_.child(node, 0));
    const auto slot = new_slot();
    emit(Opcode::store, node, slot);
    scope_.push_back({node.name, slot});
    generate(tree_.child(node, 1));
    scope_.pop_back();
  }

  // --- functions

  void generate_call(const Node& node) {
    for (const auto& entry : kInlined) {
      if (entry.name == node.name && entry.arity == node.child_count) {
        (this->*entry.generate)(node);
        return;
      }
    }
    if (const auto function = find_function(node.name, node.child_count)) {
      if (at_context_) generate_context(node);
      // jq: the last argument's outputs vary slowest, so it is evaluated first, and the first
      // ends on top.
      for (std::uint32_t k = 0; k < node.child_count; ++k) {
        push(tree_.child(node, node.child_count - 1 - k), k);
      }
      emit(Opcode::call, node, *function);
      return;
    }
    report_unknown_function(node);
  }

  void report_unknown_function(const Node& node) {
    std::vector<std::string> names;
    std::optional<std::uint32_t> arity;
    const auto consider = [&](std::string_view name, std::uint32_t wanted) {
      names.emplace_back(name);
      if (name == node.name) arity = wanted;
    };
    for (const auto& entry : kInlined) consider(entry.name, entry.arity);
    for (const auto& entry : functions()) consider(entry.name, entry.arity);
    const auto message =
        arity ? fmt::format("'{}' takes {}, not {}", node.name, arguments(*arity), node.child_count)
              : fmt::format("unknown function '{}'{}", node.name, did_you_mean(node.name, names));
    problems_.push_back({node.offset, node.name.size(), message, {}});
  }

  static std::string arguments(std::uint32_t count) {
    if (count == 0) return "no arguments";
    return fmt::format("{} argument{}", count, count == 1 ? "" : "s");
  }

  void generate_empty(const Node& call) { emit(Opcode::backtrack, call); }

  /// [.[] | f]
  void generate_map(const Node& call) {
    const auto slot = new_slot();
    if (at_context_) generate_context(call);
    emit(Opcode::begin_collection, call, slot);
    const auto done = emit(Opcode::fork, call);
    emit(Opcode::iterate, call);
    const bool outside = std::exchange(at_context_, false);
    generate(tree_.child(call, 0));
    at_context_ = outside;
    emit(Opcode::collect, call, slot);
    emit(Opcode::backtrack, call);
    land(done);
    emit(Opcode::end_collection, call, slot);
  }

  /// if f then . else empty end
  void generate_select(const Node& call) {
    push(tree_.child(call, 0));
    const auto if_false = emit(Opcode::jump_if_false, call);
    if (at_context_) generate_context(call);
    const auto end = emit(Opcode::jump, call);
    land(if_false);
    emit(Opcode::backtrack, call);
    land(end);
  }

  // --- paths

  struct RootedBase {
    Root root;
    const Node* base;        ///< The identity or the variable.
    const Node* root_index;  ///< The index that names the root, or the variable itself.
  };

  /// Where the path begins, if it consists of constant keys from a root of the context.
  std::optional<RootedBase> rooted_base(const Node& path) const {
    const auto* node = &path;
    const Node* above = nullptr;
    while (node->kind == Kind::index || node->kind == Kind::attempt) {
      if (node->kind == Kind::index) {
        if (!is_constant_key(*node)) return std::nullopt;
        above = node;
      } else if (tree_.child(*node, 0).kind != Kind::index) {
        return std::nullopt;
      }
      node = &tree_.child(*node, 0);
    }
    if (code_.mode != Mode::workflow) return std::nullopt;
    if (node->kind == Kind::variable && !slot_of(node->name)) {
      const auto root = root_named(node->name);
      if (root) return RootedBase{*root, node, node};
    }
    if (node->kind == Kind::identity && at_context_ && above != nullptr) {
      const auto& key = tree_.child(*above, 1).value;
      const auto root = key.is_string() ? root_named(key.as_string()) : std::nullopt;
      if (root) return RootedBase{*root, node, above};
    }
    return std::nullopt;
  }

  bool is_constant_key(const Node& index) const {
    const auto& key = tree_.child(index, 1);
    return key.kind == Kind::literal && (key.value.is_string() || key.value.is_integer());
  }

  /// Whether the path begins at the context, so that its keys have to be there.
  bool is_strict(const Node& path) const {
    if (code_.mode != Mode::workflow || lenient_ > 0) return false;
    const auto* node = &path;
    while (node->kind == Kind::index || node->kind == Kind::slice || node->kind == Kind::iterate) {
      node = &tree_.child(*node, 0);
    }
    return (node->kind == Kind::identity && at_context_) ||
           (node->kind == Kind::variable && !slot_of(node->name));
  }

  /// A path of constant keys from a root, as one instruction.
  void push_rooted(const Node& node, bool optional) {
    const auto base = *rooted_base(node);
    Path path;
    path.root = base.root;
    path.offset = base.base->offset;
    path.length = base.root_index->offset + base.root_index->length - path.offset;
    path.flags = is_strict(node) ? kStrict : 0;
    collect_keys(node, base.root_index, path, optional);
    add_reference(base.root, path, node);
    emit(Opcode::push_path, node, add_path(std::move(path)));
  }

  /// The constant keys between `end` and the node, first to last. What is optional on the way makes
  /// the whole path lenient.
  void collect_keys(const Node& node, const Node* end, Path& path, bool optional) {
    for (const auto* at = &node; at != end; at = &tree_.child(*at, 0)) {
      if (at->kind == Kind::attempt) {
        optional = true;
        continue;
      }
      const auto& key = tree_.child(*at, 1);
      const auto& target = tree_.child(*at, 0);
      path.keys.push_back({key.value, key.offset, key.length, target.offset + target.length});
    }
    std::reverse(path.keys.begin(), path.keys.end());
    if (optional) path.flags = kOptional;
  }

  void add_reference(Root root, const Path& path, const Node& node) {
    Reference reference{root, {}, path.offset, node.offset + node.length - path.offset};
    for (const auto& key : path.keys) {
      if (!key.key.is_string()) break;
      reference.keys.emplace_back(key.key.as_string());
      reference.key_spans.push_back({key.offset, key.length});
    }
    reference.is_strict = (path.flags & kStrict) != 0;
    code_.references.push_back(std::move(reference));
  }

  std::uint32_t add_path(Path path) {
    code_.paths.push_back(std::move(path));
    return static_cast<std::uint32_t>(code_.paths.size() - 1);
  }

  void push_variable(const Node& node) {
    if (const auto slot = slot_of(node.name)) {
      emit(Opcode::load, node, *slot);
    } else if (rooted_base(node)) {
      push_rooted(node, false);
    } else {
      problems_.push_back(
          {node.offset,
           node.length,
           fmt::format("${} is not defined{}", node.name, suggested_variable(node.name)),
           {}});
    }
  }

  std::string suggested_variable(std::string_view wrong) const {
    std::vector<std::string> names;
    for (const auto& binding : scope_) names.push_back(fmt::format("${}", binding.name));
    if (code_.mode == Mode::workflow) {
      for (std::size_t i = 0; i < kRootCount; ++i) {
        names.push_back(fmt::format("${}", name_of(static_cast<Root>(i))));
      }
    }
    return did_you_mean(fmt::format("${}", wrong), names);
  }

  /// target.key, target[key], target[from:to], target[]
  void generate_suffix(const Node& node, bool optional) {
    if (node.kind == Kind::index && rooted_base(node)) {
      emit(Opcode::drop, node);
      push_rooted(node, optional);
      return;
    }
    const auto flags = static_cast<std::uint8_t>((optional ? kOptional : 0) |
                                                 (is_strict(node) && !optional ? kStrict : 0));
    const auto& target = tree_.child(node, 0);
    if (optional) ++lenient_;
    if (node.kind == Kind::iterate) {
      generate(target);
      emit(Opcode::iterate, node, 0, flags);
    } else if (node.kind == Kind::slice) {
      push(tree_.child(node, 2), 0);
      push(tree_.child(node, 1), 1);
      emit(Opcode::pick, node, 2);
      generate(target);
      emit(Opcode::slice, node, 0, flags);
      emit(Opcode::nip, node);
    } else if (is_constant_key(node)) {
      generate_constant_keys(node, flags);
    } else {
      push(tree_.child(node, 1));
      emit(Opcode::swap, node);
      generate(target);
      emit(Opcode::index, node, target.offset + target.length, flags);
    }
    if (optional) --lenient_;
  }

  /// The run of constant keys that ends at the node, as one instruction. Only its last may be
  /// optional, since the path stops at the first error.
  void generate_constant_keys(const Node& node, std::uint8_t flags) {
    const auto* begin = &tree_.child(node, 0);
    while (begin->kind == Kind::index && is_constant_key(*begin) && (flags & kOptional) == 0) {
      begin = &tree_.child(*begin, 0);
    }
    if (begin->kind == Kind::identity && at_context_) report_unknown_root(node, begin);
    Path path;
    path.offset = begin->offset;
    path.length = begin->length;
    collect_keys(node, begin, path, (flags & kOptional) != 0);
    path.flags = flags;
    const bool from_input = begin->kind == Kind::identity && !at_context_;
    if (!from_input) generate(*begin);
    emit(Opcode::read_path, node, add_path(std::move(path)));
  }

  void report_unknown_root(const Node& node, const Node* identity) {
    const auto* index = &node;
    while (&tree_.child(*index, 0) != identity) index = &tree_.child(*index, 0);
    const auto& key = tree_.child(*index, 1);
    if (!key.value.is_string()) return;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kRootCount; ++i) {
      names.push_back(fmt::format(".{}", name_of(static_cast<Root>(i))));
    }
    const auto wrong = fmt::format(".{}", key.value.as_string());
    problems_.push_back(
        {key.offset, key.length,
         fmt::format("the context has no '{}'{}", wrong, did_you_mean(wrong, names)),
         "an expression can read .trigger, .inputs, .steps, .run, .workflow, .env, .vars, "
         ".item, .index and .error"});
  }

  // --- the code

  std::uint32_t emit(Opcode opcode, const Node& node, std::uint32_t operand = 0,
                     std::uint8_t flags = 0) {
    code_.instructions.push_back({opcode, flags, operand, node.offset, node.length});
    return static_cast<std::uint32_t>(code_.instructions.size() - 1);
  }

  /// Makes the jump or fork lead to the next instruction.
  void land(std::uint32_t jump) {
    code_.instructions[jump].operand = static_cast<std::uint32_t>(code_.instructions.size());
  }

  std::uint32_t constant(const Value& value) {
    code_.constants.push_back(value);
    return static_cast<std::uint32_t>(code_.constants.size() - 1);
  }

  std::uint32_t new_slot() { return code_.variable_count++; }

  std::optional<std::uint32_t> slot_of(std::string_view name) const {
    const auto found = std::find_if(scope_.rbegin(), scope_.rend(),
                                    [&](const Binding& binding) { return binding.name == name; });
    return found == scope_.rend() ? std::nullopt : std::optional(found->slot);
  }

  const Tree& tree_;
  Code code_;
  std::vector<Binding> scope_;  // the innermost last
  bool at_context_;             // whether `.` is the context here
  int lenient_ = 0;             // how many constructs around forgive a missing key
  std::vector<Problem> problems_;
};

constexpr std::array<Compiler::Inlined, 3> Compiler::kInlined = {{
    {"empty", 0, &Compiler::generate_empty},
    {"map", 1, &Compiler::generate_map},
    {"select", 1, &Compiler::generate_select},
}};

}  // namespace

boost::system::result<std::shared_ptr<const Code>, std::vector<Problem>> generate_code(
    const Tree& tree, std::string_view source, Mode mode, std::span<const std::string> variables) {
  return Compiler(tree, source, mode, variables).run();
}

}  // namespace tba::expression
