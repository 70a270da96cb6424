#include "shared/expression/generator.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/functions.h"
#include "shared/expression/functions/formats.h"
#include "shared/suggestion.h"

namespace tba::expression::detail {
namespace {

using Kind = Node::Kind;

constexpr std::size_t kMaxInstructions = 200'000;  // after which no construct is begun

}  // namespace

Generator::Generator(const Tree& tree, std::string_view source, Mode mode,
                     std::span<const std::string> variables, bool calls_are_tracked)
    : program_(tree),
      variables_(variables),
      calls_are_tracked_(calls_are_tracked),
      place_{&tree, nullptr, nullptr},
      at_context_(mode == Mode::workflow) {
  code_.source = source;
  code_.mode = mode;
  code_.instructions.reserve(8);
  for (const auto& name : variables) bind_variable(name);
}

boost::system::result<std::shared_ptr<const Code>, std::vector<Problem>> Generator::run() {
  const auto& root = program_[program_.root];
  if (needs_input(root)) {
    generate(root);
  } else {
    push(root);
  }
  emit(Opcode::output, root);
  code_.variable_count = slots_;
  for (std::size_t i = 0; i < blocks_.size(); ++i) generate_block(i);
  check_uncalled();
  if (!problems_.empty()) {
    std::stable_sort(problems_.begin(), problems_.end(),
                     [](const Problem& a, const Problem& b) { return a.offset < b.offset; });
    return std::move(problems_);
  }
  if (wants_paths_ && !calls_are_tracked_ && !blocks_.empty()) {
    return Generator(program_, code_.source, code_.mode, variables_, true).run();
  }
  link();
  std::stable_sort(code_.references.begin(), code_.references.end(),
                   [](const Reference& a, const Reference& b) { return a.offset < b.offset; });
  return std::make_shared<const Code>(std::move(code_));
}

void Generator::generate(const Node& node) {
  if (code_.instructions.size() >= kMaxInstructions) {
    return report(program_[program_.root], "the expression is too large");
  }
  if (auto value = constant_of(node)) return generate_constant(node, std::move(*value));
  switch (node.kind) {
    case Kind::identity:
      if (at_context_) generate_context(node);
      return;
    case Kind::variable:
      emit(Opcode::drop, node);
      return push_variable(node);
    case Kind::index:
      if (const auto* variable = is_tracked_ ? nullptr : variable_base(node)) {
        emit(Opcode::drop, node);
        return push_variable_path(node, *variable);
      }
      return generate_suffix(node, false);
    case Kind::slice:
    case Kind::iterate:
      return generate_suffix(node, false);
    case Kind::attempt:
      return generate_attempt(node);
    case Kind::negate:
      generate(child(node, 0));
      emit(Opcode::negate, node);
      return;
    case Kind::pipe:
      return generate_pipe(node);
    case Kind::comma:
      return generate_comma(node);
    case Kind::binary:
      return generate_binary(node);
    case Kind::array:
      return generate_array(node);
    case Kind::object:
      return generate_object(node);
    case Kind::condition:
      return generate_condition(node);
    case Kind::interpolate:
      return generate_interpolation(node);
    case Kind::format:
      if (at_context_) generate_context(node);
      return emit_format(node, node.name);
    case Kind::call:
      return generate_call(node);
    case Kind::bind:
      return generate_binding(node);
    case Kind::reduce:
      return generate_reduce(node);
    case Kind::foreach:
      return generate_foreach(node);
    case Kind::label:
      return generate_label(node);
    case Kind::break_:
      return generate_break(node);
    case Kind::define:
      return generate_define(node);
    case Kind::literal:
    case Kind::function:
    case Kind::parameter:
    case Kind::value_parameter:
    case Kind::array_pattern:
    case Kind::object_pattern:
      return;  // parts of others, which read them
  }
}

/// Code that leaves the input, which may be `below` other values, and pushes the output. What it
/// reads is part of no path that is being followed.
void Generator::push(const Node& node, std::uint32_t below) {
  if (const auto value = constant_of(node)) {
    emit(Opcode::push_constant, node, constant(*value));
  } else if (node.kind == Kind::variable) {
    push_variable(node);
  } else if (const auto* variable = variable_base(node)) {
    push_variable_path(node, *variable);
  } else if (!needs_input(node)) {
    push_rooted(node, false);
  } else if (is_peekable(node)) {
    push_peeked(node, below);
  } else {
    const auto way = is_tracked_ ? std::optional(new_slot()) : std::nullopt;
    if (way) emit(Opcode::detach, node, *way);
    emit(Opcode::pick, node, below);
    generate(node);
    if (way) emit(Opcode::attach, node, *way);
  }
}

/// Whether the code of the construct reads its input from the stack. What does not gives exactly
/// one output.
bool Generator::needs_input(const Node& node) const {
  if (constant_of(node)) return false;
  switch (node.kind) {
    case Kind::variable:
      return false;
    case Kind::index:
      return variable_base(node) == nullptr && !rooted_base(node).has_value();
    case Kind::attempt: {
      const auto& body = child(node, 0);
      return node.child_count > 1 || body.kind != Kind::index || !rooted_base(body);
    }
    default:
      return true;
  }
}

/// The value of a construct that always has the same: a literal, or a negative number.
std::optional<Value> Generator::constant_of(const Node& node) const {
  if (node.kind == Kind::literal) return node.value;
  if (node.kind != Kind::negate) return std::nullopt;
  const auto& operand = child(node, 0);
  if (operand.kind != Kind::literal) return std::nullopt;
  auto value = negated(operand.value);
  return value ? std::optional(std::move(*value)) : std::nullopt;
}

void Generator::generate_constant(const Node& node, Value value) {
  emit(Opcode::drop, node);
  emit(Opcode::push_constant, node, constant(value));
}

void Generator::generate_context(const Node& node) {
  const auto& where = place_.site == nullptr ? node : *place_.site;
  for (std::size_t i = 0; i < kRootCount; ++i) {
    code_.references.push_back({static_cast<Root>(i), {}, where.offset, where.length});
  }
  emit(Opcode::drop, node);
  emit(Opcode::push_context, node);
}

void Generator::generate_pipe(const Node& node) {
  const bool outside = at_context_;
  for (const auto id : children_of(node)) {
    const auto& part = node_of(id);
    generate(part);
    if (part.kind != Kind::identity) at_context_ = false;
  }
  at_context_ = outside;
}

void Generator::generate_comma(const Node& node) {
  std::vector<std::uint32_t> jumps;
  const auto parts = children_of(node);
  for (const auto part : parts.first(parts.size() - 1)) {
    const auto fork = emit(Opcode::fork, node);
    generate(node_of(part));
    jumps.push_back(emit(Opcode::jump, node));
    land(fork);
  }
  generate(node_of(parts.back()));
  for (const auto jump : jumps) land(jump);
}

void Generator::generate_binary(const Node& node) {
  if (node.operation == Operator::logical_and || node.operation == Operator::logical_or) {
    return generate_logical(node);
  }
  if (node.operation == Operator::alternative) return generate_alternative(node);
  if (node.operation >= Operator::assign) return generate_assignment(node);
  const auto& left = child(node, 0);
  const auto& right = child(node, 1);
  const auto operation = static_cast<std::uint32_t>(node.operation);
  if (is_tracked_) {
    push(right);
    push(left, 1);
    emit(Opcode::binary, node, operation);
    emit(Opcode::nip, node);
  } else if (needs_input(right)) {
    push(right);
    emit(Opcode::swap, node);
    generate(left);
    emit(Opcode::binary, node, operation);
  } else {
    generate(left);
    push(right);
    emit(Opcode::binary, node, operation, kSwapped);
  }
}

void Generator::generate_logical(const Node& node) {
  const bool is_and = node.operation == Operator::logical_and;
  push(child(node, 0));
  const auto if_false = emit(Opcode::jump_if_false, node);
  const auto right_side = [&] {
    push(child(node, 1));
    emit(Opcode::to_boolean, node);
    emit(Opcode::nip, node);
  };
  const auto decided = [&] { generate_constant(node, Value::boolean(!is_and)); };
  is_and ? right_side() : decided();
  const auto end = emit(Opcode::jump, node);
  land(if_false);
  is_and ? decided() : right_side();
  land(end);
}

/// The left side's true outputs, or, if it has none, the right side's.
void Generator::generate_alternative(const Node& node) {
  const auto found = new_slot();
  emit(Opcode::push_constant, node, constant(Value::boolean(false)));
  emit(Opcode::store, node, found);
  const auto exhausted = emit(Opcode::fork, node);
  ++lenient_;
  generate(child(node, 0));
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
  generate(child(node, 1));
  land(end);
}

void Generator::generate_attempt(const Node& node) {
  const auto& body = child(node, 0);
  const bool has_handler = node.child_count > 1;
  const bool is_suffix =
      body.kind == Kind::index || body.kind == Kind::slice || body.kind == Kind::iterate;
  if (is_suffix && !has_handler) return generate_suffix(body, true);
  const auto fork = emit(Opcode::fork_attempt, node);
  if (!has_handler) ++lenient_;
  generate(body);
  if (!has_handler) --lenient_;
  const auto end_attempt = emit(Opcode::end_attempt, node);
  const auto end = emit(Opcode::jump, node);
  land(fork);
  code_.instructions[end_attempt].operand = address();
  if (has_handler) {
    emit(Opcode::drop, node);
    emit(Opcode::push_error, node);
    const bool outside = std::exchange(at_context_, false);
    generate(child(node, 1));
    at_context_ = outside;
  } else {
    emit(Opcode::backtrack, node);
  }
  land(end);
}

void Generator::generate_array(const Node& node) {
  const auto slot = new_slot();
  emit(Opcode::begin_collection, node, slot);
  if (node.child_count > 0) {
    const auto done = emit(Opcode::fork, node);
    if (is_tracked_) emit(Opcode::detach, node, new_slot());
    generate(child(node, 0));
    emit(Opcode::collect, node, slot);
    emit(Opcode::backtrack, node);
    land(done);
  }
  emit(Opcode::end_collection, node, slot);
}

/// Whether the construct is written out, like {a: [1, 2]}, without anything to evaluate.
bool Generator::is_literal(const Node& node) const {
  if (constant_of(node)) return true;
  const bool is_compound =
      node.kind == Kind::array || node.kind == Kind::object || node.kind == Kind::comma;
  return is_compound &&
         std::ranges::all_of(children_of(node), [&](NodeId id) { return is_literal(node_of(id)); });
}

void Generator::generate_object(const Node& node) {
  emit(Opcode::push_constant, node, constant(Value::object({})));
  const auto entries = children_of(node);
  for (std::size_t i = 0; i < entries.size(); i += 2) {
    const auto& key = node_of(entries[i]);
    if (key.kind != Kind::comma && is_literal(key) &&
        !(key.kind == Kind::literal && key.value.is_string())) {
      report(key, "Object keys must be strings");
    }
    push(key, 1);
    push(node_of(entries[i + 1]), 2);
    emit(Opcode::insert, node_of(entries[i]));
  }
  emit(Opcode::nip, node);
}

void Generator::generate_condition(const Node& node) {
  std::vector<std::uint32_t> jumps;
  std::size_t part = 0;
  for (; part + 1 < node.child_count; part += 2) {
    push(child(node, part));
    const auto if_false = emit(Opcode::jump_if_false, node);
    generate(child(node, part + 1));
    jumps.push_back(emit(Opcode::jump, node));
    land(if_false);
  }
  generate(child(node, part));
  for (const auto jump : jumps) land(jump);
}

/// The last part is evaluated first, so that its outputs vary slowest, as in jq. Parts are joined
/// before they are many, since the input lies below them.
void Generator::generate_interpolation(const Node& node) {
  constexpr std::uint32_t kMaxParts = 32;
  std::uint32_t parts = 0;
  for (std::uint32_t i = 0; i < node.child_count; ++i) {
    const auto& part = child(node, node.child_count - 1 - i);
    push(part, parts);
    if (part.kind != Kind::literal && !node.name.empty()) emit_format(part, node.name);
    if (++parts < kMaxParts) continue;
    emit(Opcode::join, node, parts);
    parts = 1;
  }
  emit(Opcode::join, node, parts);
  emit(Opcode::nip, node);
}

void Generator::emit_format(const Node& node, std::string_view name) {
  const auto format = format_named(name);
  if (!format) return report(node, fmt::format("{} is not a valid format", name));
  emit(Opcode::format, node, static_cast<std::uint32_t>(*format));
}

void Generator::generate_label(const Node& node) {
  const auto* outside = place_.scope;
  const auto slot = new_slot();
  emit(Opcode::mark, node, slot);
  place_.scope =
      bind({.kind = Binding::Kind::label, .name = node.name, .level = level_, .slot = slot});
  generate(child(node, 0));
  place_.scope = outside;
}

void Generator::generate_break(const Node& node) {
  const auto* label = find_variable(node.name, Binding::Kind::label);
  if (label == nullptr) {
    return report(node, fmt::format("there is no 'label ${}' around this", node.name));
  }
  emit_out(Opcode::cut, node, label->level, label->slot);
  emit(Opcode::backtrack, node);
}

// --- the code

std::uint32_t Generator::emit(Opcode opcode, const Node& node, std::uint32_t operand,
                              std::uint8_t flags) {
  const auto& where = place_.site == nullptr ? node : *place_.site;
  code_.instructions.push_back({.opcode = opcode,
                                .flags = flags,
                                .operand = operand,
                                .offset = where.offset,
                                .length = where.length});
  return static_cast<std::uint32_t>(code_.instructions.size() - 1);
}

/// An instruction whose operand belongs to the frame of that level.
std::uint32_t Generator::emit_out(Opcode opcode, const Node& node, std::uint32_t level,
                                  std::uint32_t operand) {
  const auto instruction = emit(opcode, node, operand);
  code_.instructions[instruction].hops = static_cast<std::uint16_t>(level_ - level);
  return instruction;
}

/// Makes the jump or fork lead to the next instruction.
void Generator::land(std::uint32_t jump) {
  code_.instructions[jump].operand = address();
}

std::uint32_t Generator::constant(const Value& value) {
  code_.constants.push_back(value);
  return static_cast<std::uint32_t>(code_.constants.size() - 1);
}

const Generator::Binding* Generator::bind(Binding binding) {
  binding.outer = place_.scope;
  bindings_.push_back(std::move(binding));
  return &bindings_.back();
}

/// A new variable of the current frame, known from here on.
const Generator::Binding* Generator::bind_variable(std::string_view name) {
  place_.scope =
      bind({.kind = Binding::Kind::variable, .name = name, .level = level_, .slot = new_slot()});
  return place_.scope;
}

const Generator::Binding* Generator::find_variable(std::string_view name,
                                                   Binding::Kind kind) const {
  const auto* binding = place_.scope;
  while (binding != nullptr && (binding->kind != kind || binding->name != name)) {
    binding = binding->outer;
  }
  return binding;
}

void Generator::report(const Node& node, std::string message, std::string hint) {
  const auto& where = place_.site == nullptr ? node : *place_.site;
  report({where.offset, where.length, std::move(message), std::move(hint)});
}

/// Once, though the code of a construct may be generated several times.
void Generator::report(Problem problem) {
  const auto is_known = std::any_of(problems_.begin(), problems_.end(), [&](const Problem& known) {
    return known.offset == problem.offset && known.message == problem.message;
  });
  if (!is_known) problems_.push_back(std::move(problem));
}

}  // namespace tba::expression::detail
