#include "shared/expression/machine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "shared/suggestion.h"
#include "shared/value/json.h"

namespace tba::expression::detail {
namespace {

constexpr std::uint32_t kNoCell = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxSuggestions = 1000;  // members that are looked at for a near name

constexpr std::string_view kMissingHint =
    "'.a.b?' reads as null where there is no such key, '.a.b // \"x\"' as a default";

const Value kNull{};

std::string_view text_of(const Code& code, std::size_t begin, std::size_t end) {
  return std::string_view(code.source).substr(begin, end - begin);
}

/// Why a strict path cannot read that key.
Problem missing_key(std::string_view parent_text, const Value& parent, const Value& key,
                    std::size_t offset, std::size_t length) {
  const auto name = key.as_string();
  if (parent.is_null()) {
    return {offset, length, fmt::format("'{}' is null, so it has no key '{}'", parent_text, name),
            std::string(kMissingHint)};
  }
  std::vector<std::string> names;
  for (const auto& member : parent.members()) {
    if (names.size() == kMaxSuggestions) break;
    names.emplace_back(member.name);
  }
  return {offset, length,
          fmt::format("'{}' has no key '{}'{}", parent_text, name, did_you_mean(name, names)),
          std::string(kMissingHint)};
}

bool is_missing(const Value& parent, const Value& key) {
  return key.is_string() &&
         (parent.is_null() || (parent.is_object() && parent.find(key.as_string()) == nullptr));
}

/// Where the parts of a value lie; null for those without. The same as before: nothing was copied.
const void* storage_of(const Value& value) {
  if (value.is_string()) return value.as_string().data();
  if (value.is_array()) return value.items().data();
  return value.members().data();
}

/// The item at that position, or null. Requires: an array.
const Value* item_at(const Value& array, std::int64_t position) {
  const auto items = array.items();
  if (position < 0) position += static_cast<std::int64_t>(items.size());
  if (position < 0 || position >= static_cast<std::int64_t>(items.size())) return &kNull;
  return &items[static_cast<std::size_t>(position)];
}

}  // namespace

Found follow(const Code& code, const Path& path, const Value& from) {
  const auto* at = &from;
  for (const auto& step : path.keys) {
    if (step.key.is_string() && at->is_object()) {
      if (const auto* found = at->find(step.key.as_string())) {
        at = found;
        continue;
      }
    } else if (step.key.is_integer() && at->is_array()) {
      at = item_at(*at, step.key.as_integer());
      continue;
    } else if (!at->is_null()) {
      return {nullptr, {step.offset, step.length, index(*at, step.key).error().message, {}}};
    }
    if ((path.flags & kStrict) != 0 && step.key.is_string()) {
      return {nullptr, missing_key(text_of(code, path.offset, step.parent_end), *at, step.key,
                                   step.offset, step.length)};
    }
    at = &kNull;
  }
  return {at, {}};
}

Found follow(const Code& code, const Path& path, const Context& context) {
  if (const auto* root = context.find(path.root)) return follow(code, path, *root);
  if ((path.flags & kStrict) == 0) return {&kNull, {}};
  return {nullptr,
          {path.offset,
           path.length,
           fmt::format("'{}' is not available here",
                       text_of(code, path.offset, path.offset + path.length)),
           {}}};
}

Machine::Machine(const Code& code, const Context* context, Value input, const Budget& budget,
                 std::span<const Value> variables, const Surroundings& surroundings)
    : code_(code),
      context_(context),
      budget_(budget),
      resources_(budget, surroundings),
      bytes_left_(budget.bytes),
      top_(kNoCell),
      variables_(variables.begin(), variables.end()) {
  variables_.resize(code.variable_count);
  cells_.reserve(8);
  push(std::move(input));
}

std::optional<boost::system::result<Value, Problem>> Machine::next() {
  if (ended_ || (begun_ && !backtrack())) return std::nullopt;
  begun_ = true;
  while (true) {
    const auto& instruction = code_.instructions[at_++];
    const auto step = resources_.step() ? execute(instruction) : too_many_steps(instruction);
    if (step == Step::output) return pop();
    if (step == Step::failed && !recover()) {
      ended_ = true;
      return std::move(problem_);
    }
    if (ended_) return std::nullopt;
  }
}

// --- the stack and the forks

void Machine::push(Value value) {
  cells_.push_back({std::move(value), top_});
  top_ = static_cast<std::uint32_t>(cells_.size() - 1);
}

Value Machine::pop() {
  auto& cell = cells_[top_];
  if (top_ < protected_) {
    top_ = cell.below;
    return cell.value;
  }
  auto value = std::move(cell.value);
  top_ = cell.below;
  cells_.pop_back();
  return value;
}

void Machine::push_fork(Fork::Kind kind, std::uint32_t instruction) {
  protected_ = static_cast<std::uint32_t>(cells_.size());
  forks_.push_back({kind, instruction, top_, protected_});
}

/// The stack as it was when the fork was made, and the fork gone.
void Machine::restore(const Fork& fork) {
  at_ = fork.instruction;
  top_ = fork.top;
  cells_.resize(fork.cells);
  forks_.pop_back();
  protected_ = forks_.empty() ? 0 : forks_.back().cells;
}

/// Goes on where the last fork says; false where there is none.
bool Machine::backtrack() {
  while (!forks_.empty()) {
    auto& fork = forks_.back();
    if (fork.kind == Fork::Kind::attempt || fork.kind == Fork::Kind::end_attempt) {
      const auto over = fork;
      restore(over);
      continue;
    }
    if (fork.kind == Fork::Kind::plain) {
      const auto taken = fork;
      restore(taken);
      return true;
    }
    cells_.resize(fork.cells);
    top_ = fork.top;
    at_ = fork.instruction + 1;
    const auto position = fork.next++;
    const Value container = top();
    if (fork.next == container.size()) {
      forks_.pop_back();
      protected_ = forks_.empty() ? 0 : forks_.back().cells;
    }
    pop();
    push(container.is_array() ? container.items()[position] : container.members()[position].value);
    return true;
  }
  ended_ = true;
  return false;
}

/// After an error: goes on where the innermost attempt says that is not over; false where there is
/// none.
bool Machine::recover() {
  std::size_t over = 0;
  while (!forks_.empty()) {
    const auto fork = forks_.back();
    restore(fork);
    if (fork.kind == Fork::Kind::end_attempt) ++over;
    if (fork.kind != Fork::Kind::attempt || problem_.is_spent_budget) continue;
    if (over == 0) return true;
    --over;
  }
  return false;
}

// --- the instructions

Machine::Step Machine::execute(const Instruction& instruction) {
  const auto operand = instruction.operand;
  switch (instruction.opcode) {
    case Opcode::push_constant:
      push(code_.constants[operand]);
      return Step::on;
    case Opcode::push_path:
    case Opcode::read_path:
      return read_path(instruction);
    case Opcode::push_context:
      push(context_->as_value());
      return Step::on;
    case Opcode::load:
      push(variables_[operand]);
      return Step::on;
    case Opcode::store:
      variables_[operand] = pop();
      return Step::on;
    case Opcode::pick: {
      auto cell = top_;
      for (std::uint32_t i = 0; i < operand; ++i) cell = cells_[cell].below;
      push(Value(cells_[cell].value));
      return Step::on;
    }
    case Opcode::drop:
      pop();
      return Step::on;
    case Opcode::nip: {
      auto value = pop();
      pop();
      push(std::move(value));
      return Step::on;
    }
    case Opcode::swap: {
      auto upper = pop();
      auto lower = pop();
      push(std::move(upper));
      push(std::move(lower));
      return Step::on;
    }
    case Opcode::index:
      return index_value(instruction);
    case Opcode::slice: {
      const auto target = pop();
      const auto from = pop();
      const auto to = pop();
      return give(instruction, slice(target, from, to));
    }
    case Opcode::iterate:
      return iterate(instruction);
    case Opcode::binary:
      return combine(instruction);
    case Opcode::negate:
      return give(instruction, negated(pop()));
    case Opcode::to_boolean:
      push(Value::boolean(is_true(pop())));
      return Step::on;
    case Opcode::call:
      return call(instruction);
    case Opcode::insert:
      return insert(instruction);
    case Opcode::join:
      return join(instruction);
    case Opcode::begin_collection:
      variables_[operand] = Value::array({});
      return Step::on;
    case Opcode::collect:
      return collect(instruction);
    case Opcode::end_collection:
      pop();
      push(std::exchange(variables_[operand], Value()));
      return Step::on;
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
      push_fork(Fork::Kind::end_attempt, 0);
      return Step::on;
    case Opcode::backtrack:
      backtrack();
      return Step::on;
    case Opcode::output:
      return output();
  }
  return Step::on;
}

Machine::Step Machine::read_path(const Instruction& instruction) {
  const auto& path = code_.paths[instruction.operand];
  const bool from_root = instruction.opcode == Opcode::push_path;
  auto found = from_root ? follow(code_, path, *context_) : follow(code_, path, top());
  if (found.value == nullptr) {
    return fail(std::move(found.problem), (path.flags & kOptional) != 0);
  }
  Value value = *found.value;
  if (!from_root) pop();
  push(std::move(value));
  return Step::on;
}

Machine::Step Machine::index_value(const Instruction& instruction) {
  const auto target = pop();
  const auto key = pop();
  if ((instruction.flags & kStrict) != 0 && is_missing(target, key)) {
    return fail(missing_key(text_of(code_, instruction.offset, instruction.operand), target, key,
                            instruction.offset, instruction.length),
                false);
  }
  return give(instruction, index(target, key));
}

Machine::Step Machine::iterate(const Instruction& instruction) {
  const auto& container = top();
  if (!container.is_array() && !container.is_object()) {
    return fail({instruction.offset,
                 instruction.length,
                 container.is_null() ? "Cannot iterate over null"
                                     : "Cannot iterate over " + described(container),
                 {}},
                (instruction.flags & kOptional) != 0);
  }
  if (container.size() == 0) {
    backtrack();
    return Step::on;
  }
  Value first = container.is_array() ? container.items()[0] : container.members()[0].value;
  if (container.size() > 1) {
    push_fork(Fork::Kind::iterate, at_ - 1);
    forks_.back().next = 1;
  }
  pop();
  push(std::move(first));
  return Step::on;
}

Machine::Step Machine::combine(const Instruction& instruction) {
  auto left = pop();
  auto right = pop();
  if ((instruction.flags & kSwapped) != 0) std::swap(left, right);
  const auto operation = static_cast<Operator>(instruction.operand);
  // Taking items away looks each up among the sorted ones; everything else stops at the end of the
  // smaller side.
  const auto work = operation == Operator::subtract
                        ? (left.bytes() + right.bytes()) *
                              (1 + static_cast<unsigned>(std::bit_width(right.size())))
                        : std::min(left.bytes(), right.bytes());
  if (!resources_.spend(work)) return too_many_steps(instruction);
  const auto* old_storage = storage_of(left);
  const auto* right_storage = storage_of(right);
  auto outcome = apply(operation, std::move(left), std::move(right), resources_);
  if (outcome && storage_of(*outcome) != right_storage) {
    if (account(instruction, *outcome, old_storage) == Step::failed) return Step::failed;
  }
  return give(instruction, std::move(outcome));
}

Machine::Step Machine::call(const Instruction& instruction) {
  const auto& function = functions()[instruction.operand];
  std::array<Value, kMaxArity> arguments;
  for (std::uint32_t i = 0; i < function.arity; ++i) arguments[i] = pop();
  const auto input = pop();
  if (function.reads_all) {
    if (input.bytes() > budget_.bytes) return too_many_bytes(instruction);
    if (!resources_.spend(input.bytes())) return too_many_steps(instruction);
  }
  auto outcome = function.evaluate(input, std::span(arguments).first(function.arity), resources_);
  if (outcome && account(instruction, *outcome, storage_of(input)) == Step::failed) {
    return Step::failed;
  }
  return give(instruction, std::move(outcome));
}

Machine::Step Machine::insert(const Instruction& instruction) {
  auto value = pop();
  const auto key = pop();
  auto object = pop();
  if (!key.is_string()) {
    return fail({instruction.offset,
                 instruction.length,
                 fmt::format("Object keys must be strings, not {}", described(key)),
                 {}},
                false);
  }
  const auto* old_storage = storage_of(object);
  object = std::move(object).with_member(key.as_string(), std::move(value));
  if (account(instruction, object, old_storage) == Step::failed) return Step::failed;
  push(std::move(object));
  return Step::on;
}

Machine::Step Machine::join(const Instruction& instruction) {
  std::string text;
  for (std::uint32_t i = 0; i < instruction.operand; ++i) {
    const auto part = pop();
    if (part.bytes() > budget_.bytes) return too_many_bytes(instruction);
    if (part.is_string()) {
      text += part.as_string();
    } else {
      append_json(text, part);
    }
    if (text.size() > budget_.bytes) return too_many_bytes(instruction);
  }
  auto joined = Value::string(text);
  if (account(instruction, joined, nullptr) == Step::failed) return Step::failed;
  push(std::move(joined));
  return Step::on;
}

Machine::Step Machine::collect(const Instruction& instruction) {
  auto& array = variables_[instruction.operand];
  const auto* old_storage = storage_of(array);
  array = std::move(array).with_item(pop());
  return account(instruction, array, old_storage);
}

Machine::Step Machine::output() {
  const auto& instruction = code_.instructions[at_ - 1];
  return top().bytes() > budget_.bytes ? too_many_bytes(instruction) : Step::output;
}

/// Pushes what an operation gave, or fails.
Machine::Step Machine::give(const Instruction& instruction, Outcome outcome) {
  if (!outcome) {
    auto failure = outcome.error();
    return fail({instruction.offset,
                 instruction.length,
                 std::move(failure.message),
                 {},
                 failure.is_spent_budget},
                (instruction.flags & kOptional) != 0 && !failure.is_spent_budget);
  }
  push(std::move(*outcome));
  return Step::on;
}

/// Takes from the budget what was newly allocated for a value: nothing if it grew in place.
Machine::Step Machine::account(const Instruction& instruction, const Value& made,
                               const void* old_storage) {
  if (made.depth() > budget_.depth) {
    return overspent(
        instruction,
        fmt::format("the expression builds a value nested deeper than {} levels", budget_.depth));
  }
  if (storage_of(made) == old_storage) return Step::on;
  const std::size_t bytes = made.is_string()  ? made.as_string().size()
                            : made.is_array() ? made.size() * sizeof(Value)
                                              : made.size() * sizeof(Member);
  if (bytes > bytes_left_) return too_many_bytes(instruction);
  bytes_left_ -= bytes;
  return Step::on;
}

Machine::Step Machine::fail(Problem problem, bool forgiven) {
  if (forgiven) {
    backtrack();
    return Step::on;
  }
  problem_ = std::move(problem);
  return Step::failed;
}

Machine::Step Machine::overspent(const Instruction& instruction, std::string message) {
  problem_ = {instruction.offset, instruction.length, std::move(message), {}, true};
  return Step::failed;
}

Machine::Step Machine::too_many_steps(const Instruction& instruction) {
  return overspent(instruction,
                   fmt::format("the expression takes more than {} steps", budget_.steps));
}

Machine::Step Machine::too_many_bytes(const Instruction& instruction) {
  return overspent(instruction,
                   fmt::format("the expression builds more than {} bytes", budget_.bytes));
}

}  // namespace tba::expression::detail
