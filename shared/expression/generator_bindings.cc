#include <algorithm>
#include <array>
#include <utility>

#include "shared/expression/functions.h"
#include "shared/expression/generator.h"

namespace tba::expression::detail {
namespace {

using Kind = Node::Kind;

}  // namespace

// --- bindings and loops

void Generator::generate_binding(const Node& node) {
  push(child(node, 0));
  const auto patterns = children_of(node).subspan(1, node.child_count - 2);
  with_patterns(node, patterns, [&] { generate(child(node, node.child_count - 1)); });
}

/// The state is in a variable, which is null while it is updated: so it changes in place.
void Generator::generate_reduce(const Node& node) {
  const auto state = new_slot();
  emit(Opcode::pick, node, 0);
  generate(child(node, 1));
  emit(Opcode::store, node, state);
  const auto done = emit(Opcode::fork, node);
  generate(child(node, 0));
  with_patterns(node, children_of(node).subspan(3), [&] {
    emit(Opcode::take, node, state);
    const bool outside = std::exchange(at_context_, false);
    generate(child(node, 2));
    at_context_ = outside;
    emit(Opcode::store, node, state);
    emit(Opcode::backtrack, node);
  });
  land(done);
  emit(Opcode::drop, node);
  emit(Opcode::take, node, state);
}

void Generator::generate_foreach(const Node& node) {
  const auto state = new_slot();
  emit(Opcode::pick, node, 0);
  generate(child(node, 1));
  emit(Opcode::store, node, state);
  generate(child(node, 0));
  with_patterns(node, children_of(node).subspan(4), [&] {
    emit(Opcode::take, node, state);
    const bool outside = std::exchange(at_context_, false);
    generate(child(node, 2));
    emit(Opcode::pick, node, 0);
    emit(Opcode::store, node, state);
    generate(child(node, 3));
    at_context_ = outside;
  });
}

/// Takes the value on top of the stack apart, and generates the body where the names are known.
void Generator::with_patterns(const Node& node, std::span<const NodeId> patterns,
                              const std::function<void()>& body) {
  const auto* outside = place_.scope;
  if (patterns.size() == 1) {
    generate_destructuring(node_of(patterns[0]), false);
    body();
  } else {
    with_alternatives(node, patterns, body);
  }
  place_.scope = outside;
}

/// An error, in the pattern or in the body, leads to the next pattern; that of the last is raised.
/// All names of all patterns are known in the body; null where the pattern does not have them.
void Generator::with_alternatives(const Node& node, std::span<const NodeId> patterns,
                                  const std::function<void()>& body) {
  std::vector<std::string_view> names;
  for (const auto pattern : patterns) collect_names(node_of(pattern), names);
  std::vector<std::uint32_t> slots;
  for (const auto name : names) slots.push_back(bind_variable(name)->slot);

  std::vector<std::uint32_t> to_body;
  std::uint32_t attempt = 0;
  for (const auto pattern : patterns) {
    for (const auto slot : slots) {
      emit(Opcode::push_constant, node, constant(Value()));
      emit(Opcode::store, node, slot);
    }
    attempt = emit(Opcode::fork_attempt, node);
    emit(Opcode::pick, node, 0);
    generate_destructuring(node_of(pattern), true);
    to_body.push_back(emit(Opcode::jump, node));
    land(attempt);
  }
  emit(Opcode::rethrow, node);
  for (const auto jump : to_body) land(jump);
  emit(Opcode::drop, node);
  body();
  emit(Opcode::end_attempt, node, code_.instructions[attempt].operand);
}

/// `are_known`: the names are bound already, since other patterns have them too.
void Generator::generate_destructuring(const Node& pattern, bool are_known) {
  const bool reads = pattern.kind != Kind::variable && is_tracked_;
  const auto way = reads ? new_slot() : 0;
  if (reads) emit(Opcode::detach, pattern, way);
  const bool outside = std::exchange(at_context_, false);
  generate_pattern(pattern, are_known);
  at_context_ = outside;
  if (reads) emit(Opcode::attach, pattern, way);
}

/// Takes the value on top of the stack apart.
void Generator::generate_pattern(const Node& pattern, bool are_known) {
  if (pattern.kind == Kind::variable) {
    const auto* variable = are_known ? find_variable(pattern.name, Binding::Kind::variable)
                                     : bind_variable(pattern.name);
    emit(Opcode::store, pattern, variable->slot);
    return;
  }
  const auto parts = children_of(pattern);
  const bool is_array = pattern.kind == Kind::array_pattern;
  for (std::size_t i = 0; i < parts.size(); i += is_array ? 1 : 2) {
    const auto& part = node_of(parts[i]);
    if (is_array) {
      emit(Opcode::push_constant, part, constant(Value::integer(static_cast<std::int64_t>(i))));
    } else {
      push(part);
    }
    emit(Opcode::pick, part, 1);
    emit(Opcode::index, part);
    generate_pattern(is_array ? part : node_of(parts[i + 1]), are_known);
  }
  emit(Opcode::drop, pattern);
}

/// Each once, in order of appearance.
void Generator::collect_names(const Node& pattern, std::vector<std::string_view>& names) const {
  if (pattern.kind == Kind::variable) {
    if (std::find(names.begin(), names.end(), pattern.name) == names.end()) {
      names.push_back(pattern.name);
    }
    return;
  }
  const auto parts = children_of(pattern);
  const bool is_array = pattern.kind == Kind::array_pattern;
  for (std::size_t i = is_array ? 0 : 1; i < parts.size(); i += is_array ? 1 : 2) {
    collect_names(node_of(parts[i]), names);
  }
}

// --- paths and assignments

/// The paths of the body's outputs, in place of the input.
void Generator::generate_path(const Node& node, const Node& body) {
  if (at_context_) generate_context(node);
  wants_paths_ = true;
  const auto way = new_slot();
  emit(Opcode::path_begin, node, way);
  const bool was_at_context = std::exchange(at_context_, false);
  const bool was_tracked = std::exchange(is_tracked_, true);
  generate(body);
  at_context_ = was_at_context;
  is_tracked_ = was_tracked;
  emit(Opcode::path_end, node, way);
}

void Generator::call_native(const Node& node, std::string_view name, std::uint32_t arity) {
  emit(Opcode::call, node, *find_function(name, arity));
}

/// The body replaces the state for each path that `left` has in the input, which becomes the state.
/// All paths are found before: nobody else holds the state then, so that it changes in place.
void Generator::for_each_path(const Node& node, const Node& left, std::uint32_t state,
                              std::uint32_t path, const std::function<void()>& body) {
  if (is_one_path(left)) {
    store_path_of(left, path);
    emit(Opcode::store, node, state);
    body();
    emit(Opcode::store, node, state);
    return;
  }
  const auto paths = new_slot();
  emit(Opcode::begin_collection, node, paths);
  const auto found = emit(Opcode::fork, node);
  generate_path(node, left);
  emit(Opcode::collect, node, paths);
  emit(Opcode::backtrack, node);
  land(found);
  emit(Opcode::store, node, state);
  const auto done = emit(Opcode::fork, node);
  emit(Opcode::take, node, paths);
  emit(Opcode::iterate, node);
  emit(Opcode::store, node, path);
  body();
  emit(Opcode::store, node, state);
  emit(Opcode::backtrack, node);
  land(done);
}

/// Whether it is always exactly one path of the input: its keys are constants or variables.
bool Generator::is_one_path(const Node& node) const {
  const auto* at = &node;
  for (; at->kind == Kind::index; at = &child(*at, 0)) {
    const auto& key = child(*at, 1);
    const bool is_variable =
        key.kind == Kind::variable && find_variable(key.name, Binding::Kind::variable) != nullptr;
    if (!is_variable && !is_constant_key(*at)) return false;
  }
  return at != &node && at->kind == Kind::identity;
}

/// The keys of one path, into a variable.
void Generator::store_path_of(const Node& node, std::uint32_t path) {
  std::vector<const Node*> keys;
  for (const auto* at = &node; at->kind == Kind::index; at = &child(*at, 0)) {
    keys.push_back(&child(*at, 1));
  }
  emit(Opcode::begin_collection, node, path);
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    push(**key);
    emit(Opcode::collect, node, path);
  }
}

/// left = right, for each output of the right side; and the operators that update.
void Generator::generate_assignment(const Node& node) {
  if (at_context_) generate_context(node);
  const auto& left = child(node, 0);
  const auto& right = child(node, 1);
  std::uint32_t value = 0;
  if (node.operation != Operator::update) {
    value = new_slot();
    push(right);
    emit(Opcode::store, node, value);
  }
  const auto way = new_slot();
  const bool was_at_context = std::exchange(at_context_, false);
  if (is_tracked_) emit(Opcode::detach, node, way);
  if (node.operation == Operator::assign) {
    const auto state = new_slot();
    const auto path = new_slot();
    for_each_path(node, left, state, path, [&] {
      emit(Opcode::take, node, state);
      emit(Opcode::load, node, value);
      emit(Opcode::load, node, path);
      call_native(node, "setpath", 2);
    });
    emit(Opcode::take, node, state);
  } else if (node.operation == Operator::update) {
    generate_update(node, left, [&] { generate(right); });
  } else {
    generate_operator_update(node, value);
  }
  if (is_tracked_) emit(Opcode::attach, node, way);
  at_context_ = was_at_context;
}

/// left op= right: right as $value | left |= (. op $value)
void Generator::generate_operator_update(const Node& node, std::uint32_t value) {
  constexpr std::array kOperations = {Operator::add, Operator::subtract, Operator::multiply,
                                      Operator::divide, Operator::remainder};
  generate_update(node, child(node, 0), [&] {
    if (node.operation == Operator::update_alternative) {
      emit(Opcode::pick, node, 0);
      const auto if_false = emit(Opcode::jump_if_false, node);
      const auto end = emit(Opcode::jump, node);
      land(if_false);
      emit(Opcode::drop, node);
      emit(Opcode::load, node, value);
      land(end);
      return;
    }
    const auto which =
        static_cast<std::size_t>(node.operation) - static_cast<std::size_t>(Operator::update_add);
    emit(Opcode::load, node, value);
    emit(Opcode::binary, node, static_cast<std::uint32_t>(kOperations[which]), kSwapped);
  });
}

/// For each path that `left` has in the input, what is there is replaced by the updater's first
/// output. Where it has none, the path is deleted at the end.
void Generator::generate_update(const Node& node, const Node& left,
                                const std::function<void()>& updater) {
  const auto state = new_slot();
  const auto deleted = new_slot();
  const auto path = new_slot();
  const auto before = new_slot();
  emit(Opcode::begin_collection, node, deleted);
  for_each_path(node, left, state, path, [&] {
    emit(Opcode::mark, node, before);
    const auto none = emit(Opcode::fork, node);
    emit(Opcode::load, node, state);
    emit(Opcode::load, node, path);
    call_native(node, "getpath", 1);
    updater();
    emit(Opcode::cut, node, before);
    emit(Opcode::take, node, state);
    emit(Opcode::swap, node);
    emit(Opcode::load, node, path);
    call_native(node, "setpath", 2);
    const auto updated = emit(Opcode::jump, node);
    land(none);
    emit(Opcode::load, node, path);
    emit(Opcode::collect, node, deleted);
    emit(Opcode::take, node, state);
    land(updated);
  });
  emit(Opcode::take, node, state);
  emit(Opcode::take, node, deleted);
  call_native(node, "delpaths", 1);
}

}  // namespace tba::expression::detail
