#include "shared/expression/machine.h"

#include <utility>

#include <fmt/format.h>

namespace tba::expression::detail {
namespace {

constexpr std::uint32_t kNoCell = 0xFFFFFFFF;

}  // namespace

Machine::Machine(const Code& code, const Context* context, Value input, const Budget& budget,
                 std::span<const Value> variables, const Surroundings& surroundings)
    : code_(code),
      context_(context),
      resources_(budget, surroundings),
      baseline_(allocated_value_bytes()),
      top_(kNoCell),
      variables_(variables.begin(), variables.end()) {
  variables_.resize(code.variable_count);
  frames_.push_back({.variables_end = code.variable_count});
  cells_.reserve(8);
  push(std::move(input));
}

// --- the forks

void Machine::push_fork(Fork::Kind kind, std::uint32_t instruction) {
  protected_ = static_cast<std::uint32_t>(cells_.size());
  protected_frames_ = static_cast<std::uint32_t>(frames_.size());
  forks_.push_back({.kind = kind,
                    .instruction = instruction,
                    .top = top_,
                    .cells = protected_,
                    .frame = frame_,
                    .frames = protected_frames_,
                    .way = way_,
                    .ways = static_cast<std::uint32_t>(ways_.size())});
}

/// Everything but the list of forks as it was when the fork was made.
void Machine::restore(const Fork& fork) {
  at_ = fork.instruction;
  top_ = fork.top;
  truncate_cells(fork.cells);
  frame_ = fork.frame;
  drop_frames(fork.frames);
  way_ = fork.way;
  ways_.resize(fork.ways);
}

void Machine::drop_forks(std::size_t count) {
  if (forks_.size() <= count) return;
  forks_.erase(forks_.begin() + static_cast<std::ptrdiff_t>(count), forks_.end());
  update_protection();
}

void Machine::update_protection() {
  protected_ = forks_.empty() ? 0 : forks_.back().cells;
  protected_frames_ = forks_.empty() ? 0 : forks_.back().frames;
}

/// Goes on where the last fork says; false where there is none.
bool Machine::backtrack() {
  while (!forks_.empty()) {
    auto& fork = forks_.back();
    switch (fork.kind) {
      case Fork::Kind::attempt:
      case Fork::Kind::end_attempt:
        forks_.pop_back();
        continue;
      case Fork::Kind::plain:
        restore(fork);
        forks_.pop_back();
        update_protection();
        return true;
      case Fork::Kind::iterate:
      case Fork::Kind::range:
      case Fork::Kind::range_real:
        return resume(fork);
    }
  }
  update_protection();
  ended_ = true;
  return false;
}

/// The next value of an iterate or a range, in place of what it goes over.
bool Machine::resume(Fork& fork) {
  restore(fork);
  ++at_;
  Value value;
  bool is_last = false;
  Value key;
  auto below = cells_[top_].below;
  if (fork.kind == Fork::Kind::iterate) {
    const auto& container = cells_[top_].value;
    const auto position = static_cast<std::size_t>(fork.next++);
    is_last = position + 1 == container.size();
    if (container.is_array()) {
      value = container.items()[position];
      if (follows()) key = Value::integer(static_cast<std::int64_t>(position));
    } else {
      const auto& member = container.members()[position];
      value = member.value;
      if (follows()) key = Value::string(member.name);
    }
  } else {
    const auto& limit = cells_[top_].value;
    const auto& step = cells_[below].value;
    below = cells_[below].below;
    if (fork.kind == Fork::Kind::range) {
      value = Value::integer(fork.next);
      is_last = __builtin_add_overflow(fork.next, step.as_integer(), &fork.next) ||
                !is_within(fork.next, limit.as_integer(), step.as_integer());
    } else {
      value = Value::number(fork.next_real);
      fork.next_real += step.as_number();
      is_last = !is_within(fork.next_real, limit.as_number(), step.as_number());
    }
  }
  if (is_last) {
    forks_.pop_back();
    update_protection();
  }
  if (top_ >= protected_ && cells_[top_].below == below) {
    cells_[top_].value = value;
    truncate_cells(top_ + 1);
  } else {
    cells_.push_back({value, below});
    top_ = static_cast<std::uint32_t>(cells_.size() - 1);
  }
  if (follows()) go(std::move(key), value);
  return true;
}

/// After an error: goes on where the innermost attempt says that is not over; false where there is
/// none.
bool Machine::recover() {
  if (problem_.is_spent_budget) return false;
  std::size_t over = 0;
  while (!forks_.empty()) {
    const auto fork = forks_.back();
    forks_.pop_back();
    if (fork.kind == Fork::Kind::end_attempt) ++over;
    if (fork.kind != Fork::Kind::attempt) continue;
    if (over == 0) {
      restore(fork);
      update_protection();
      return true;
    }
    --over;
  }
  return false;
}

// --- the frames

Machine::Step Machine::call_function(const Instruction& instruction) {
  return enter_function(instruction, {instruction.operand, frame_out(instruction.hops)},
                        instruction.opcode == Opcode::tail_call);
}

Machine::Step Machine::call_closure(const Instruction& instruction) {
  const auto& frame = frames_[frame_out(instruction.hops)];
  return enter_function(instruction, closures_[frame.closures + instruction.operand],
                        instruction.opcode == Opcode::tail_parameter);
}

/// A frame for the function, with the arguments that follow the call. A tail call goes back to
/// where its caller would, whose frame is dropped where no fork needs it.
Machine::Step Machine::enter_function(const Instruction& instruction, Closure function,
                                      bool is_tail) {
  Frame frame{.outer = function.frame, .caller = frame_, .return_address = at_ + instruction.flags};
  const auto first_argument = closures_.size();
  for (std::uint32_t i = 0; i < instruction.flags; ++i) {
    const auto& argument = code_.instructions[at_ + i];
    closures_.push_back(
        argument.opcode == Opcode::closure
            ? Closure{argument.operand, frame_}
            : closures_[frames_[frame_out(argument.hops)].closures + argument.operand]);
  }
  if (is_tail) {
    frame.caller = frames_[frame_].caller;
    frame.return_address = frames_[frame_].return_address;
    if (frame_ >= protected_frames_) {
      const auto& dropped = frames_[frame_];
      closures_.erase(closures_.begin() + dropped.closures,
                      closures_.begin() + static_cast<std::ptrdiff_t>(first_argument));
      variables_.resize(dropped.variables);
      frames_.resize(frame_);
    }
  }
  if (frames_.size() > resources_.budget().depth) {
    return fail(instruction, {fmt::format("the expression calls itself more than {} levels deep",
                                          resources_.budget().depth),
                              true});
  }
  frame.closures_end = static_cast<std::uint32_t>(closures_.size());
  frame.closures = frame.closures_end - instruction.flags;
  frame.variables = static_cast<std::uint32_t>(variables_.size());
  variables_.resize(frame.variables + code_.instructions[function.address].operand);
  frame.variables_end = static_cast<std::uint32_t>(variables_.size());
  at_ = function.address + 1;
  frame_ = static_cast<std::uint32_t>(frames_.size());
  frames_.push_back(frame);
  return Step::on;
}

void Machine::leave() {
  const auto frame = frames_[frame_];
  if (frame_ >= protected_frames_) drop_frames(frame_);
  frame_ = frame.caller;
  at_ = frame.return_address;
}

void Machine::drop_frames(std::uint32_t count) {
  if (frames_.size() == count) return;
  frames_.resize(count);
  variables_.resize(frames_.back().variables_end);
  closures_.resize(frames_.back().closures_end);
}

// --- what all instructions share

/// Puts what an operation gave in the place of its operands, or fails.
Machine::Step Machine::give(const Instruction& instruction, Outcome outcome) {
  if (!outcome) {
    return fail(instruction, outcome.error(), (instruction.flags & kOptional) != 0);
  }
  push(std::move(*outcome));
  return Step::on;
}

/// After something was built: fails where all that lives is too much.
Machine::Step Machine::grown(const Instruction& instruction) {
  const auto live = allocated_value_bytes() - baseline_;
  if (live <= static_cast<std::int64_t>(resources_.budget().bytes)) return Step::on;
  return fail(instruction, resources_.spent_bytes());
}

Machine::Step Machine::fail(Problem problem, bool forgiven) {
  if (forgiven && !problem.is_spent_budget) {
    backtrack();
    return Step::on;
  }
  error_ = Value::string(problem.message);
  problem_ = std::move(problem);
  return Step::failed;
}

Machine::Step Machine::fail(const Instruction& instruction, Failure failure, bool forgiven) {
  return fail({instruction.offset,
               instruction.length,
               std::move(failure.message),
               {},
               failure.is_spent_budget},
              forgiven);
}

}  // namespace tba::expression::detail
