#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/generator.h"
#include "shared/suggestion.h"

namespace tba::expression::detail {
namespace {

using Kind = Node::Kind;

std::vector<std::string> root_names(std::string_view sign) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kRootCount; ++i) {
    names.push_back(fmt::format("{}{}", sign, name_of(static_cast<Root>(i))));
  }
  return names;
}

}  // namespace

/// Where the path begins, if it consists of constant keys from a root of the context.
std::optional<Generator::RootedBase> Generator::rooted_base(const Node& path) const {
  if (code_.mode != Mode::workflow || place_.site != nullptr) return std::nullopt;
  const auto* node = &path;
  const Node* above = nullptr;
  while (node->kind == Kind::index || (node->kind == Kind::attempt && node->child_count == 1)) {
    if (node->kind == Kind::index) {
      if (!is_constant_key(*node)) return std::nullopt;
      above = node;
    } else if (child(*node, 0).kind != Kind::index) {
      return std::nullopt;
    }
    node = &child(*node, 0);
  }
  if (node->kind == Kind::variable &&
      find_variable(node->name, Binding::Kind::variable) == nullptr) {
    const auto root = root_named(node->name);
    if (root) return RootedBase{*root, node, node};
  }
  if (node->kind == Kind::identity && at_context_ && above != nullptr) {
    const auto& key = child(*above, 1).value;
    const auto root = key.is_string() ? root_named(key.as_string()) : std::nullopt;
    if (root) return RootedBase{*root, node, above};
  }
  return std::nullopt;
}

bool Generator::is_constant_key(const Node& index) const {
  const auto& key = child(index, 1);
  return key.kind == Kind::literal && (key.value.is_string() || key.value.is_integer());
}

/// Whether the path begins at the context, so that its keys have to be there.
bool Generator::is_strict(const Node& path) const {
  if (code_.mode != Mode::workflow || place_.site != nullptr || lenient_ > 0) return false;
  const auto* node = &path;
  while (node->kind == Kind::index || node->kind == Kind::slice || node->kind == Kind::iterate) {
    node = &child(*node, 0);
  }
  return (node->kind == Kind::identity && at_context_) ||
         (node->kind == Kind::variable &&
          find_variable(node->name, Binding::Kind::variable) == nullptr);
}

/// Whether it is constant keys of the input.
bool Generator::is_peekable(const Node& node) const {
  if (at_context_ || node.kind != Kind::index) return false;
  const auto* at = &node;
  while (at->kind == Kind::index && is_constant_key(*at)) at = &child(*at, 0);
  return at->kind == Kind::identity;
}

/// What constant keys of the input lead to, without a copy of the input.
void Generator::push_peeked(const Node& node, std::uint32_t below) {
  const auto* begin = &node;
  while (begin->kind == Kind::index) begin = &child(*begin, 0);
  Path path;
  path.offset = begin->offset;
  path.length = begin->length;
  collect_keys(node, begin, path, false);
  const auto instruction = emit(Opcode::peek_path, node, add_path(std::move(path)));
  code_.instructions[instruction].hops = static_cast<std::uint16_t>(below);
}

/// The variable that the node has constant keys of; null if it is anything else.
const Generator::Binding* Generator::variable_base(const Node& node) const {
  const auto* at = &node;
  while (at->kind == Kind::index && is_constant_key(*at)) at = &child(*at, 0);
  const bool is_path = at != &node && at->kind == Kind::variable;
  return is_path ? find_variable(at->name, Binding::Kind::variable) : nullptr;
}

/// What constant keys of the variable lead to, without a copy of the variable.
void Generator::push_variable_path(const Node& node, const Binding& variable) {
  const auto* begin = &node;
  while (begin->kind == Kind::index) begin = &child(*begin, 0);
  Path path;
  path.slot = variable.slot;
  path.offset = begin->offset;
  path.length = begin->length;
  collect_keys(node, begin, path, false);
  emit_out(Opcode::peek_variable, node, variable.level, add_path(std::move(path)));
}

/// A path of constant keys from a root, as one instruction.
void Generator::push_rooted(const Node& node, bool optional) {
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
void Generator::collect_keys(const Node& node, const Node* end, Path& path, bool optional) const {
  for (const auto* at = &node; at != end; at = &child(*at, 0)) {
    if (at->kind == Kind::attempt) {
      optional = true;
      continue;
    }
    const auto& key = child(*at, 1);
    const auto& target = child(*at, 0);
    const auto& where = place_.site == nullptr ? key : *place_.site;
    path.keys.push_back({key.value, where.offset, where.length, target.offset + target.length});
  }
  std::reverse(path.keys.begin(), path.keys.end());
  if (optional) path.flags = kOptional;
}

void Generator::add_reference(Root root, const Path& path, const Node& node) {
  Reference reference{root, {}, path.offset, node.offset + node.length - path.offset};
  for (const auto& key : path.keys) {
    if (!key.key.is_string()) break;
    reference.keys.emplace_back(key.key.as_string());
    reference.key_spans.push_back({key.offset, key.length});
  }
  reference.is_strict = (path.flags & kStrict) != 0;
  code_.references.push_back(std::move(reference));
}

std::uint32_t Generator::add_path(Path path) {
  code_.paths.push_back(std::move(path));
  return static_cast<std::uint32_t>(code_.paths.size() - 1);
}

void Generator::push_variable(const Node& node) {
  if (const auto* variable = find_variable(node.name, Binding::Kind::variable)) {
    emit_out(Opcode::load, node, variable->level, variable->slot);
  } else if (rooted_base(node)) {
    push_rooted(node, false);
  } else if (node.name == "ENV" || node.name == "__prog_args") {
    report(node, fmt::format("${} is not available: an expression sees no environment", node.name),
           "declare what it needs in `inputs:` or `env:` of the workflow, or in `vars:` of "
           "config.yaml");
  } else {
    report(node, fmt::format("${} is not defined{}", node.name, suggested_variable(node.name)));
  }
}

std::string Generator::suggested_variable(std::string_view wrong) const {
  std::vector<std::string> names;
  for (const auto* binding = place_.scope; binding != nullptr; binding = binding->outer) {
    if (binding->kind == Binding::Kind::variable)
      names.push_back(fmt::format("${}", binding->name));
  }
  if (code_.mode == Mode::workflow) {
    for (auto& name : root_names("$")) names.push_back(std::move(name));
  }
  return did_you_mean(fmt::format("${}", wrong), names);
}

/// target.key, target[key], target[from:to], target[]
void Generator::generate_suffix(const Node& node, bool optional) {
  if (node.kind == Kind::index && rooted_base(node)) {
    emit(Opcode::drop, node);
    push_rooted(node, optional);
    return;
  }
  const auto flags = static_cast<std::uint8_t>((optional ? kOptional : 0) |
                                               (is_strict(node) && !optional ? kStrict : 0));
  const auto& target = child(node, 0);
  if (optional) ++lenient_;
  if (node.kind == Kind::iterate) {
    generate(target);
    emit(Opcode::iterate, node, 0, flags);
  } else if (node.kind == Kind::slice) {
    push(child(node, 1), 0);
    push(child(node, 2), 1);
    emit(Opcode::pick, node, 2);
    generate(target);
    emit(Opcode::slice, node, 0, flags);
    emit(Opcode::nip, node);
  } else if (is_constant_key(node)) {
    generate_constant_keys(node, flags);
  } else {
    push(child(node, 1));
    emit(Opcode::swap, node);
    generate(target);
    emit(Opcode::index, node, target.offset + target.length, flags);
  }
  if (optional) --lenient_;
}

/// The run of constant keys that ends at the node, as one instruction. Only its last may be
/// optional, since the path stops at the first error.
void Generator::generate_constant_keys(const Node& node, std::uint8_t flags) {
  const auto* begin = &child(node, 0);
  while (begin->kind == Kind::index && is_constant_key(*begin) && (flags & kOptional) == 0) {
    begin = &child(*begin, 0);
  }
  const bool from_context = begin->kind == Kind::identity && at_context_;
  if (from_context && place_.site == nullptr) report_unknown_root(node, begin);
  Path path;
  path.offset = begin->offset;
  path.length = begin->length;
  collect_keys(node, begin, path, (flags & kOptional) != 0);
  path.flags = flags;
  if (begin->kind != Kind::identity || from_context) generate(*begin);
  emit(Opcode::read_path, node, add_path(std::move(path)), flags);
}

void Generator::report_unknown_root(const Node& node, const Node* identity) {
  const auto* index = &node;
  while (&child(*index, 0) != identity) index = &child(*index, 0);
  const auto& key = child(*index, 1);
  if (!key.value.is_string()) return;
  const auto wrong = fmt::format(".{}", key.value.as_string());
  const bool is_secret = wrong.starts_with(".secret") || wrong.starts_with(".credential");
  report({key.offset, key.length,
          fmt::format("the context has no '{}'{}", wrong, did_you_mean(wrong, root_names("."))),
          is_secret ? "expressions see no secrets: write `key: !secret credential.field`"
                    : "an expression can read .trigger, .inputs, .steps, .run, .workflow, .env, "
                      ".vars, .item, .index and .error"});
}

}  // namespace tba::expression::detail
