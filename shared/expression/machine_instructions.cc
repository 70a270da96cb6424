#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "shared/expression/functions/formats.h"
#include "shared/expression/machine.h"
#include "shared/value/json.h"

namespace tba::expression::detail {
namespace {

/// Operators on two integers whose result is one, which most calculations are.
std::optional<Value> combined(Operator operation, std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  switch (operation) {
    case Operator::add:
      if (__builtin_add_overflow(left, right, &result)) return std::nullopt;
      return Value::integer(result);
    case Operator::subtract:
      if (__builtin_sub_overflow(left, right, &result)) return std::nullopt;
      return Value::integer(result);
    case Operator::multiply:
      if (__builtin_mul_overflow(left, right, &result) || result == 0) return std::nullopt;
      return Value::integer(result);
    case Operator::equal:
      return Value::boolean(left == right);
    case Operator::not_equal:
      return Value::boolean(left != right);
    case Operator::less:
      return Value::boolean(left < right);
    case Operator::less_or_equal:
      return Value::boolean(left <= right);
    case Operator::greater:
      return Value::boolean(left > right);
    case Operator::greater_or_equal:
      return Value::boolean(left >= right);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<boost::system::result<Value, Problem>> Machine::next() {
  if (ended_ || (begun_ && !backtrack())) return std::nullopt;
  begun_ = true;
  while (true) {
    const auto& instruction = code_.instructions[at_++];
    const auto step =
        resources_.step() ? execute(instruction) : fail(instruction, resources_.spent_steps());
    if (step == Step::on) [[likely]] {
      if (ended_) return std::nullopt;
    } else if (step == Step::output) {
      return pop();
    } else if (!recover()) {
      ended_ = true;
      return std::move(problem_);
    }
  }
}

inline Machine::Step Machine::execute(const Instruction& instruction) {
  const auto operand = instruction.operand;
  switch (instruction.opcode) {
    case Opcode::push_constant:
      push(code_.constants[operand]);
      return Step::on;
    case Opcode::push_path:
      return push_rooted(instruction);
    case Opcode::push_context:
      push(context_->as_value());
      return Step::on;
    case Opcode::load:
      push(variable(instruction));
      return Step::on;
    case Opcode::take:
      push(std::exchange(variable(instruction), Value()));
      return Step::on;
    case Opcode::store:
      variable(instruction) = pop();
      return Step::on;
    case Opcode::pick:
      push(Value(cells_[cell_below(operand)].value));
      return Step::on;
    case Opcode::drop:
      pop();
      return Step::on;
    case Opcode::nip: {
      auto value = pop();
      replace_top(std::move(value));
      return Step::on;
    }
    case Opcode::swap: {
      auto upper = pop();
      auto lower = pop();
      push(std::move(upper));
      push(std::move(lower));
      return Step::on;
    }
    case Opcode::read_path:
      return read_path(instruction);
    case Opcode::peek_path:
      return peek_path(instruction, cells_[cell_below(instruction.hops)].value);
    case Opcode::peek_variable:
      return peek_path(
          instruction,
          variables_[frames_[frame_out(instruction.hops)].variables + code_.paths[operand].slot]);
    case Opcode::index:
      return index_value(instruction);
    case Opcode::slice:
      return slice_value(instruction);
    case Opcode::iterate:
      return iterate(instruction);
    case Opcode::get_path:
      return get_path(instruction);
    case Opcode::path_begin:
      begin_path(instruction);
      return Step::on;
    case Opcode::path_end:
      return end_path(instruction);
    case Opcode::detach:
      variable(instruction) = Value::integer(std::exchange(way_, kNoWay));
      return Step::on;
    case Opcode::attach:
      way_ = static_cast<std::uint32_t>(variable(instruction).as_integer());
      return Step::on;
    case Opcode::binary:
      return combine(instruction);
    case Opcode::negate: {
      auto value = pop();
      return give(instruction, negated(value));
    }
    case Opcode::to_boolean:
      replace_top(Value::boolean(is_true(top())));
      return Step::on;
    case Opcode::call:
      return call(instruction);
    case Opcode::format:
      return format(instruction);
    case Opcode::insert:
      return insert(instruction);
    case Opcode::join:
      return join(instruction);
    case Opcode::begin_collection:
      variables_[frames_[frame_].variables + operand] = Value::array({});
      return Step::on;
    case Opcode::collect:
      return collect(instruction);
    case Opcode::end_collection:
      replace_top(std::exchange(variables_[frames_[frame_].variables + operand], Value()));
      return Step::on;
    case Opcode::range:
      return range(instruction);
    case Opcode::jump:
      at_ = operand;
      return Step::on;
    case Opcode::jump_if_false:
      if (!is_true(pop())) at_ = operand;
      return Step::on;
    case Opcode::fork:
      push_fork(Fork::Kind::plain, operand);
      return Step::on;
    case Opcode::fork_attempt:
      push_fork(Fork::Kind::attempt, operand);
      return Step::on;
    case Opcode::end_attempt:
      return end_attempt(instruction);
    case Opcode::push_error:
      push(error_);
      return Step::on;
    case Opcode::rethrow:
      return Step::failed;
    case Opcode::raise:
      return raise(instruction);
    case Opcode::mark:
      variable(instruction) = Value::integer(static_cast<std::int64_t>(forks_.size()));
      return Step::on;
    case Opcode::cut:
      drop_forks(static_cast<std::size_t>(variable(instruction).as_integer()));
      return Step::on;
    case Opcode::backtrack:
      backtrack();
      return Step::on;
    case Opcode::output:
      return output(instruction);
    case Opcode::call_function:
    case Opcode::tail_call:
      return call_function(instruction);
    case Opcode::call_parameter:
    case Opcode::tail_parameter:
      return call_closure(instruction);
    case Opcode::leave:
      leave();
      return Step::on;
    case Opcode::enter:
    case Opcode::closure:
    case Opcode::parameter:
      break;  // read by the instruction before them
  }
  return Step::on;
}

Machine::Step Machine::iterate(const Instruction& instruction) {
  const auto& container = top();
  if (follows() && !is_on_way(container)) {
    return fail(instruction, {"Invalid path expression near attempt to iterate through " +
                              abbreviated(container, kShortText)});
  }
  if (!container.is_array() && !container.is_object()) {
    return fail(instruction, not_iterable(container), (instruction.flags & kOptional) != 0);
  }
  if (container.size() == 0) {
    backtrack();
    return Step::on;
  }
  push_fork(Fork::Kind::iterate, at_ - 1);
  resume(forks_.back());
  return Step::on;
}

Machine::Step Machine::range(const Instruction& instruction) {
  auto step = pop();
  auto limit = pop();
  auto from = pop();
  if (!from.is_number() || !limit.is_number() || !step.is_number()) {
    return fail(instruction, {"Range bounds must be numeric"});
  }
  const bool is_exact = from.is_integer() && limit.is_integer() && step.is_integer();
  if (is_exact ? !is_within(from.as_integer(), limit.as_integer(), step.as_integer())
               : !is_within(from.as_number(), limit.as_number(), step.as_number())) {
    backtrack();
    return Step::on;
  }
  push(std::move(step));
  push(std::move(limit));
  push_fork(is_exact ? Fork::Kind::range : Fork::Kind::range_real, at_ - 1);
  if (is_exact) {
    forks_.back().next = from.as_integer();
  } else {
    forks_.back().next_real = from.as_number();
  }
  resume(forks_.back());
  return Step::on;
}

Machine::Step Machine::combine(const Instruction& instruction) {
  auto left = pop();
  auto right = pop();
  if ((instruction.flags & kSwapped) != 0) std::swap(left, right);
  const auto operation = static_cast<Operator>(instruction.operand);
  if (left.is_integer() && right.is_integer()) {
    if (auto result = combined(operation, left.as_integer(), right.as_integer())) {
      push(std::move(*result));
      return Step::on;
    }
  }
  // What goes through both sides stops at the end of the smaller one.
  if (!resources_.spend(std::min(left.bytes(), right.bytes()))) {
    return fail(instruction, resources_.spent_steps());
  }
  const auto* old_storage = storage_of(left);
  auto outcome = apply(operation, std::move(left), std::move(right), resources_);
  if (outcome && storage_of(*outcome) != old_storage &&
      !resources_.spend(outcome->size() * sizeof(Value))) {
    return fail(instruction, resources_.spent_steps());
  }
  if (outcome && grown(instruction) == Step::failed) return Step::failed;
  return give(instruction, std::move(outcome));
}

Machine::Step Machine::call(const Instruction& instruction) {
  const auto& function = functions()[instruction.operand];
  std::array<Value, kMaxArity> arguments;
  for (std::uint32_t i = 0; i < function.arity; ++i) arguments[i] = pop();
  auto input = pop();
  if (function.reads_all) {
    if (!resources_.may_build(input.bytes())) return fail(instruction, resources_.spent_bytes());
    if (!resources_.spend(input.bytes())) return fail(instruction, resources_.spent_steps());
  }
  auto outcome =
      function.evaluate(std::move(input), std::span(arguments).first(function.arity), resources_);
  if (outcome && grown(instruction) == Step::failed) return Step::failed;
  return give(instruction, std::move(outcome));
}

Machine::Step Machine::format(const Instruction& instruction) {
  const auto value = pop();
  auto outcome = format_value(static_cast<FormatId>(instruction.operand), value, resources_);
  if (outcome && grown(instruction) == Step::failed) return Step::failed;
  return give(instruction, std::move(outcome));
}

Machine::Step Machine::insert(const Instruction& instruction) {
  auto value = pop();
  const auto key = pop();
  auto object = pop();
  if (!key.is_string()) {
    return fail(instruction, {fmt::format("Cannot use {} as object key", described(key))});
  }
  push(std::move(object).with_member(key.as_string(), std::move(value)));
  return grown(instruction);
}

Machine::Step Machine::join(const Instruction& instruction) {
  std::string text;
  for (std::uint32_t i = 0; i < instruction.operand; ++i) {
    const auto part = pop();
    if (!resources_.may_build(text.size() + part.bytes())) {
      return fail(instruction, resources_.spent_bytes());
    }
    if (!resources_.spend(part.bytes())) return fail(instruction, resources_.spent_steps());
    if (part.is_string()) {
      text += part.as_string();
    } else {
      append_json(text, part);
    }
  }
  push(Value::string(text));
  return grown(instruction);
}

Machine::Step Machine::collect(const Instruction& instruction) {
  auto value = pop();
  auto& array = variables_[frames_[frame_].variables + instruction.operand];
  array = std::move(array).with_item(std::move(value));
  return grown(instruction);
}

/// Where nothing of the attempt is left to go back into, it is forgotten.
Machine::Step Machine::end_attempt(const Instruction& instruction) {
  if (forks_.back().kind == Fork::Kind::attempt &&
      forks_.back().instruction == instruction.operand) {
    drop_forks(forks_.size() - 1);
  } else {
    push_fork(Fork::Kind::end_attempt, 0);
  }
  return Step::on;
}

Machine::Step Machine::raise(const Instruction& instruction) {
  auto value = pop();
  const auto failed =
      fail(instruction, {value.is_string() ? std::string(value.as_string())
                                           : abbreviated(value, kLongText) + " (not a string)"});
  error_ = std::move(value);
  return failed;
}

Machine::Step Machine::output(const Instruction& instruction) {
  if (!resources_.may_build(top().bytes())) return fail(instruction, resources_.spent_bytes());
  if (top().depth() > kMaxOutputDepth) {
    return fail(instruction,
                {fmt::format("the result nests deeper than {} levels", kMaxOutputDepth), true});
  }
  return Step::output;
}

}  // namespace tba::expression::detail
