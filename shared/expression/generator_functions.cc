#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/functions.h"
#include "shared/expression/generator.h"
#include "shared/expression/prelude.h"
#include "shared/suggestion.h"

namespace tba::expression::detail {
namespace {

using Kind = Node::Kind;

constexpr std::uint32_t kMaxInlinedDepth = 24;  // calls within calls
constexpr std::size_t kMaxInlinedCode = 4096;   // instructions, before calls stay calls
constexpr std::uint32_t kMaxParameters = 100;

/// What jq has and an expression may not.
struct LeftOut {
  std::string_view name;
  std::uint32_t arity;
  std::string_view reason;
};
constexpr std::string_view kNoInput = "an expression has one input, which is '.'";
constexpr std::string_view kNoEnvironment = "an expression sees no environment";
constexpr std::string_view kNoEnd = "an expression cannot end the program; 'error' ends the step";
constexpr std::string_view kNoModules = "expressions have no modules";
constexpr auto kLeftOut = std::to_array<LeftOut>({{"input", 0, kNoInput},
                                                  {"inputs", 0, kNoInput},
                                                  {"input_filename", 0, kNoInput},
                                                  {"env", 0, kNoEnvironment},
                                                  {"halt", 0, kNoEnd},
                                                  {"halt_error", 0, kNoEnd},
                                                  {"halt_error", 1, kNoEnd},
                                                  {"modulemeta", 0, kNoModules},
                                                  {"get_search_list", 0, kNoModules}});

bool calls(const Tree& tree, const Node& node, std::string_view name, std::uint32_t arity) {
  if (node.kind == Kind::call && node.name == name && node.child_count == arity) return true;
  return std::ranges::any_of(tree.children_of(node),
                             [&](NodeId id) { return calls(tree, tree[id], name, arity); });
}

/// Of a function's node.
std::uint32_t parameter_count(const Node& function) {
  return function.child_count - 1;
}

std::string counted_arguments(std::uint32_t count) {
  if (count == 0) return "no arguments";
  return fmt::format("{} argument{}", count, count == 1 ? "" : "s");
}

bool is_internal(std::string_view name) {
  return name.starts_with('_');
}

}  // namespace

std::span<const Generator::Special> Generator::specials() {
  static constexpr auto kSpecials = std::to_array<Special>({
      {"empty", 0, &Generator::generate_empty},
      {"error", 0, &Generator::generate_error},
      {"error", 1, &Generator::generate_error_message},
      {"first", 1, &Generator::generate_first},
      {"getpath", 1, &Generator::generate_getpath},
      {"path", 1, &Generator::generate_path_call},
      {"range", 1, &Generator::generate_range},
      {"range", 2, &Generator::generate_range},
      {"range", 3, &Generator::generate_range},
      {"recurse", 0, &Generator::generate_recurse},
      {"builtins", 0, &Generator::generate_builtins},
  });
  return kSpecials;
}

// --- definitions

void Generator::generate_define(const Node& node) {
  const auto* outside = place_.scope;
  const auto parts = children_of(node);
  for (const auto id : parts.first(parts.size() - 1)) {
    const auto& definition = node_of(id);
    if (parameter_count(definition) > kMaxParameters) {
      report(definition, fmt::format("a function can have at most {} parameters", kMaxParameters));
      continue;
    }
    auto* function = define(definition, level_);
    place_.scope = bind({.kind = Binding::Kind::function,
                         .name = definition.name,
                         .arity = parameter_count(definition),
                         .level = level_,
                         .function = function});
    function->place.scope = place_.scope;
  }
  generate(node_of(parts.back()));
  place_.scope = outside;
}

Generator::Function* Generator::define(const Node& node, std::uint32_t level) {
  const bool is_recursive =
      calls(*place_.tree, child(node, parameter_count(node)), node.name, parameter_count(node));
  functions_.push_back({place_, &node, level, is_recursive});
  return &functions_.back();
}

// --- calls

void Generator::generate_call(const Node& node) {
  if (const auto* binding = find_function_binding(node.name, node.child_count)) {
    switch (binding->kind) {
      case Binding::Kind::function:
        return generate_function_call(*binding->function, node);
      case Binding::Kind::argument:
        return generate_argument(binding->argument);
      default:
        return generate_parameter_call(*binding, node);
    }
  }
  for (const auto& special : specials()) {
    if (special.name == node.name && special.arity == node.child_count) {
      return (this->*special.generate)(node);
    }
  }
  const bool is_hidden = is_internal(node.name) && place_.site == nullptr;
  if (!is_hidden) {
    if (const auto native = find_function(node.name, node.child_count)) {
      return generate_native_call(*native, node);
    }
    if (auto* function = built_in(node.name, node.child_count, node)) {
      return generate_function_call(*function, node);
    }
  }
  report_unknown_function(node);
}

const Generator::Binding* Generator::find_function_binding(std::string_view name,
                                                           std::uint32_t arity) const {
  const auto* binding = place_.scope;
  while (binding != nullptr) {
    const bool is_function = binding->kind == Binding::Kind::function ||
                             binding->kind == Binding::Kind::argument ||
                             binding->kind == Binding::Kind::parameter;
    if (is_function && binding->name == name && binding->arity == arity) break;
    binding = binding->outer;
  }
  return binding;
}

/// The code of what was given for a parameter, in its place.
void Generator::generate_argument(const Argument& argument) {
  const auto outside = std::exchange(place_, argument.place);
  generate(*argument.node);
  place_ = outside;
}

bool Generator::may_inline(const Function& function) const {
  return !function.is_recursive && inlined_ < kMaxInlinedDepth &&
         code_.instructions.size() < kMaxInlinedCode;
}

void Generator::generate_function_call(Function& function, const Node& call) {
  if (may_inline(function)) return generate_inlined(function, call);
  if (at_context_) generate_context(call);
  if (!function.block) {
    function.is_generated = true;
    function.block = add_block(&function, {}, function.level + 1);
  }
  const auto instruction = emit_out(Opcode::call_function, call, function.level, *function.block);
  code_.instructions[instruction].flags = static_cast<std::uint8_t>(call.child_count);
  emit_arguments(call);
}

/// The function's code, with the arguments' code where its parameters are.
void Generator::generate_inlined(Function& function, const Node& call) {
  function.is_generated = true;
  const auto outside = place_;
  const auto* scope = function.place.scope;
  for (std::uint32_t i = 0; i < call.child_count; ++i) {
    const auto& parameter = function.place.tree->child(*function.node, i);
    const auto& argument = child(call, i);
    std::optional<std::uint32_t> value;
    if (parameter.kind == Kind::value_parameter) {
      value = new_slot();
      push(argument);
      emit(Opcode::store, call, *value);
    }
    bindings_.push_back({.kind = Binding::Kind::argument,
                         .name = parameter.name,
                         .argument = {outside, &argument},
                         .outer = scope});
    scope = &bindings_.back();
    if (value) {
      bindings_.push_back({.kind = Binding::Kind::variable,
                           .name = parameter.name,
                           .level = level_,
                           .slot = *value,
                           .outer = scope});
      scope = &bindings_.back();
    }
  }
  place_ = {function.place.tree, scope, function.place.site};
  if (place_.tree != &program_) place_.site = outside.site == nullptr ? &call : outside.site;
  ++inlined_;
  generate(child(*function.node, parameter_count(*function.node)));
  --inlined_;
  place_ = outside;
}

void Generator::generate_parameter_call(const Binding& parameter, const Node& call) {
  if (at_context_) generate_context(call);
  emit_out(Opcode::call_parameter, call, parameter.level, parameter.slot);
}

/// jq: the last argument's outputs vary slowest, so it is evaluated first, and the first ends on
/// top.
void Generator::generate_native_call(std::uint32_t index, const Node& call) {
  if (at_context_) generate_context(call);
  for (std::uint32_t k = 0; k < call.child_count; ++k) {
    push(child(call, call.child_count - 1 - k), k);
  }
  emit(Opcode::call, call, index);
}

/// Each argument as code of its own, or a parameter of the caller handed on.
void Generator::emit_arguments(const Node& call) {
  std::vector<Argument> blocks;
  for (const auto id : children_of(call)) {
    const auto* node = &node_of(id);
    auto place = place_;
    const Binding* binding = nullptr;
    while (node->kind == Kind::call && node->child_count == 0) {
      const auto outside = std::exchange(place_, place);
      binding = find_function_binding(node->name, 0);
      place_ = outside;
      if (binding == nullptr || binding->kind != Binding::Kind::argument) break;
      place = binding->argument.place;
      node = binding->argument.node;
    }
    if (node->kind == Kind::call && node->child_count == 0 && binding != nullptr &&
        binding->kind == Binding::Kind::parameter) {
      emit_out(Opcode::parameter, call, binding->level, binding->slot);
    } else {
      emit(Opcode::closure, call, add_block(nullptr, {place, node}, level_ + 1));
    }
  }
}

/// A function written in jq that is part of the language, with what this program needs of it; null
/// if there is none.
Generator::Function* Generator::built_in(std::string_view name, std::uint32_t arity,
                                         const Node& call) {
  const auto* node = prelude().find(name, arity);
  if (node == nullptr) return nullptr;
  const auto known = std::ranges::find(built_ins_, node, &std::pair<const Node*, Function*>::first);
  if (known != built_ins_.end()) return known->second;
  const auto outside = std::exchange(
      place_, {&prelude().tree(), nullptr, place_.site == nullptr ? &call : place_.site});
  auto* function = define(*node, 0);
  place_ = outside;
  built_ins_.emplace_back(node, function);
  return function;
}

// --- code behind the program's

std::uint32_t Generator::add_block(Function* function, Argument argument, std::uint32_t level) {
  blocks_.push_back({function, argument, level});
  return static_cast<std::uint32_t>(blocks_.size() - 1);
}

void Generator::generate_block(std::size_t index) {
  const auto block = blocks_[index];
  level_ = block.level;
  slots_ = 0;
  inlined_ = 0;
  at_context_ = false;
  is_tracked_ = calls_are_tracked_;
  lenient_ = 0;
  place_ = block.function != nullptr ? block.function->place : block.argument.place;
  const auto& node = block.function != nullptr ? *block.function->node : *block.argument.node;
  blocks_[index].address = address();
  const auto enter = emit(Opcode::enter, node);
  if (block.function != nullptr) {
    generate_function_block(*block.function);
  } else {
    generate(node);
  }
  emit(Opcode::leave, node);
  code_.instructions[enter].operand = slots_;
  make_tail_calls(enter + 1);
}

/// The parameters' values first, then the body.
void Generator::generate_function_block(Function& function) {
  const auto& node = *function.node;
  for (std::uint32_t i = 0; i < parameter_count(node); ++i) {
    const auto& parameter = child(node, i);
    place_.scope = bind(
        {.kind = Binding::Kind::parameter, .name = parameter.name, .level = level_, .slot = i});
    if (parameter.kind != Kind::value_parameter) continue;
    const auto way = is_tracked_ ? std::optional(new_slot()) : std::nullopt;
    if (way) emit(Opcode::detach, parameter, *way);
    emit(Opcode::pick, parameter, 0);
    emit_out(Opcode::call_parameter, parameter, level_, i);
    if (way) emit(Opcode::attach, parameter, *way);
    emit(Opcode::store, parameter, bind_variable(parameter.name)->slot);
  }
  generate(child(node, parameter_count(node)));
}

/// A call that is the last thing before the function leaves takes the place of its caller, unless
/// it needs the caller's variables.
void Generator::make_tail_calls(std::size_t begin) {
  auto& code = code_.instructions;
  const auto goes_to_leave = [&](std::size_t at) {
    while (code[at].opcode == Opcode::jump) at = code[at].operand;
    return code[at].opcode == Opcode::leave;
  };
  for (auto at = begin; at < code.size(); ++at) {
    auto& call = code[at];
    const bool is_function = call.opcode == Opcode::call_function && call.hops > 0;
    if (!is_function && call.opcode != Opcode::call_parameter) continue;
    const auto arguments = std::span(code).subspan(at + 1, call.flags);
    const bool needs_frame = std::ranges::any_of(
        arguments, [](const Instruction& argument) { return argument.opcode == Opcode::closure; });
    if (needs_frame || !goes_to_leave(at + 1 + call.flags)) continue;
    call.opcode = is_function ? Opcode::tail_call : Opcode::tail_parameter;
  }
}

/// Numbers of blocks become addresses.
void Generator::link() {
  for (auto& instruction : code_.instructions) {
    if (instruction.opcode == Opcode::call_function || instruction.opcode == Opcode::tail_call ||
        instruction.opcode == Opcode::closure) {
      instruction.operand = blocks_[instruction.operand].address;
    }
  }
}

/// Functions of the program that nothing calls are checked too; their code is thrown away.
void Generator::check_uncalled() {
  const auto end = code_.instructions.size();
  const auto last_block = blocks_.size();
  const auto references = code_.references;
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    auto& function = functions_[i];
    if (function.is_generated || function.place.tree != &program_) continue;
    function.is_generated = true;
    add_block(&function, {}, function.level + 1);
    for (auto block = last_block; block < blocks_.size(); ++block) generate_block(block);
    blocks_.resize(last_block);
    code_.instructions.resize(end);
  }
  code_.references = references;
}

// --- problems

void Generator::report_unknown_function(const Node& node) {
  const auto left_out = std::ranges::find_if(kLeftOut, [&](const LeftOut& entry) {
    return entry.name == node.name && entry.arity == node.child_count;
  });
  if (left_out != kLeftOut.end()) {
    return report(node, fmt::format("'{}' is not available: {}", node.name, left_out->reason));
  }
  std::set<std::string_view> names;
  std::set<std::uint32_t> arities;
  const auto consider = [&](std::string_view name, std::uint32_t arity) {
    if (is_internal(name)) return;
    names.insert(name);
    if (name == node.name) arities.insert(arity);
  };
  for (const auto* binding = place_.scope; binding != nullptr; binding = binding->outer) {
    if (binding->kind == Binding::Kind::variable || binding->kind == Binding::Kind::label) continue;
    consider(binding->name, binding->arity);
  }
  for (const auto& special : specials()) consider(special.name, special.arity);
  for (const auto& native : functions()) consider(native.name, native.arity);
  for (const auto& entry : prelude().entries()) consider(entry.name, entry.arity);
  std::string wanted;
  for (const auto arity : arities) {
    if (!wanted.empty()) wanted += arity == *arities.rbegin() ? " or " : ", ";
    wanted += counted_arguments(arity);
  }
  const std::vector<std::string> candidates(names.begin(), names.end());
  const bool is_root = code_.mode == Mode::workflow && root_named(node.name).has_value();
  const auto meant = is_root ? fmt::format(" (did you mean '.{}'?)", node.name)
                             : did_you_mean(node.name, candidates);
  const auto length = static_cast<std::uint32_t>(node.name.size());
  report({node.offset,
          length,
          arities.empty()
              ? fmt::format("unknown function '{}'{}", node.name, meant)
              : fmt::format("'{}' takes {}, not {}", node.name, wanted, node.child_count),
          {}});
}

// --- functions with code of their own kind

void Generator::generate_empty(const Node& call) {
  emit(Opcode::backtrack, call);
}

/// The input as the error.
void Generator::generate_error(const Node& call) {
  if (at_context_) generate_context(call);
  emit(Opcode::raise, call);
}

void Generator::generate_error_message(const Node& call) {
  push(child(call, 0));
  emit(Opcode::raise, call);
}

/// The forks that the first output leaves are forgotten.
void Generator::generate_first(const Node& call) {
  const auto slot = new_slot();
  emit(Opcode::mark, call, slot);
  generate(child(call, 0));
  emit(Opcode::cut, call, slot);
}

void Generator::generate_getpath(const Node& call) {
  if (at_context_) generate_context(call);
  push(child(call, 0));
  emit(Opcode::get_path, call);
}

void Generator::generate_path_call(const Node& call) {
  generate_path(call, child(call, 0));
}

/// range(to), range(from; to), range(from; to; step)
void Generator::generate_range(const Node& call) {
  const bool has_from = call.child_count > 1;
  if (has_from) {
    push(child(call, 0));
  } else {
    emit(Opcode::push_constant, call, constant(Value::integer(0)));
  }
  push(child(call, has_from ? 1 : 0), 1);
  if (call.child_count > 2) {
    push(child(call, 2), 2);
  } else {
    emit(Opcode::push_constant, call, constant(Value::integer(1)));
  }
  emit(Opcode::range, call);
  emit(Opcode::nip, call);
}

/// `def all: ., (.[]? | all); all`, without frames: it has no variables.
void Generator::generate_recurse(const Node& call) {
  if (at_context_) generate_context(call);
  const auto begin = emit(Opcode::fork, call);
  const auto end = emit(Opcode::jump, call);
  land(begin);
  emit(Opcode::iterate, call, 0, kOptional);
  emit(Opcode::jump, call, begin);
  land(end);
}

/// ["name/arity", …]
void Generator::generate_builtins(const Node& call) {
  std::set<std::string> names;
  const auto add = [&](std::string_view name, std::uint32_t arity) {
    if (!is_internal(name)) names.insert(fmt::format("{}/{}", name, arity));
  };
  for (const auto& special : specials()) add(special.name, special.arity);
  for (const auto& native : functions()) add(native.name, native.arity);
  for (const auto& entry : prelude().entries()) add(entry.name, entry.arity);
  ArrayBuilder list(names.size());
  for (const auto& name : names) list.add(Value::string(name));
  generate_constant(call, std::move(list).build());
}

}  // namespace tba::expression::detail
