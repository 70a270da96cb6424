#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "shared/expression/code.h"
#include "shared/expression/context.h"
#include "shared/expression/functions.h"
#include "shared/expression/program.h"
#include "shared/expression/resources.h"
#include "shared/value/value.h"

namespace tba::expression::detail {

/// How deep a result may nest: as deep as JSON may that is read.
inline constexpr std::uint32_t kMaxOutputDepth = 10'000;

/// Bytes of values in messages, where jq cuts them.
inline constexpr std::size_t kShortText = 14;
inline constexpr std::size_t kLongText = 29;

/// Whether a range that goes by `step` has that number before its limit.
template <typename Number>
bool is_within(Number number, Number limit, Number step) {
  return step > 0 ? number < limit : step < 0 && number > limit;
}

/// Carries out a program's instructions, with a stack of its own and backtracking.
///
/// A construct with several outputs leaves a fork: what to do when the program asks for the next
/// one. Values that lie on the stack when a fork is made have to be there again when it is taken,
/// so the stack is a list whose cells stay while a fork protects them: taking a value off only
/// moves the top down, to the cell below. The frames of functions are kept in the same way.
///
/// While a path is wanted (`path(f)`, the left of an assignment), the machine follows where the
/// value it works on comes from: the way, a list of keys that is shared by all forks.
class Machine {
 public:
  /// Code, context and surroundings must outlive the machine; there is no context for Mode::plain.
  Machine(const Code& code, const Context* context, Value input, const Budget& budget,
          std::span<const Value> variables, const Surroundings& surroundings);

  std::optional<boost::system::result<Value, Problem>> next();

 private:
  struct Cell {
    Value value;
    std::uint32_t below;
  };

  /// What an instruction leaves for when there is no way on from where it led.
  struct Fork {
    enum class Kind : std::uint8_t {
      plain,        ///< Goes on at `instruction`.
      attempt,      ///< The same, but only for an error.
      end_attempt,  ///< Marks that the attempt below is over: an error now is not its.
      iterate,      ///< Goes on behind `instruction`, an iterate, with the next of its values.
      range,        ///< Likewise, with the next integer.
      range_real,   ///< Likewise, with the next number.
    };
    Kind kind;
    std::uint32_t instruction;
    std::uint32_t top;
    std::uint32_t cells;     ///< How many there were, and are kept.
    std::uint32_t frame;     ///< The current one.
    std::uint32_t frames;    ///< How many there were, and are kept.
    std::uint32_t way;       ///< The current one.
    std::uint32_t ways;      ///< How many there were, and are kept.
    std::int64_t next = 0;   ///< iterate: position of the next value; range: the next number.
    double next_real = 0.0;  ///< range_real: the next number.
  };

  /// A function that is being carried out.
  struct Frame {
    std::uint32_t outer = 0;   ///< The frame of the function around it, in the program's text.
    std::uint32_t caller = 0;  ///< The frame to go back to,
    std::uint32_t return_address = 0;  ///< and the instruction.
    std::uint32_t variables = 0;       ///< Where its variables begin
    std::uint32_t variables_end = 0;   ///< and end.
    std::uint32_t closures = 0;        ///< Where its arguments begin
    std::uint32_t closures_end = 0;    ///< and end.
  };

  /// An argument: code, and the frame in which its variables are.
  struct Closure {
    std::uint32_t address;
    std::uint32_t frame;
  };

  /// One key on the way from where a path began; the first has no key.
  struct Way {
    std::uint32_t before;
    Value key;
    Value value;  ///< What it leads to.
  };

  enum class Step : std::uint8_t { on, failed, output };

  // The stack, the forks, the frames: machine.cc
  void push(Value value);
  Value pop();
  void truncate_cells(std::size_t count);
  Value& top() { return cells_[top_].value; }
  void replace_top(Value value);
  std::uint32_t cell_below(std::uint32_t depth) const;
  void push_fork(Fork::Kind kind, std::uint32_t instruction);
  void restore(const Fork& fork);
  void drop_forks(std::size_t count);
  void update_protection();
  bool backtrack();
  bool recover();
  bool resume(Fork& fork);
  Value& variable(const Instruction& instruction);
  std::uint32_t frame_out(std::uint32_t hops) const;
  Step call_function(const Instruction& instruction);
  Step call_closure(const Instruction& instruction);
  Step enter_function(const Instruction& instruction, Closure function, bool is_tail);
  void leave();
  void drop_frames(std::uint32_t count);

  // The instructions: machine_instructions.cc
  Step execute(const Instruction& instruction);
  Step iterate(const Instruction& instruction);
  Step range(const Instruction& instruction);
  Step combine(const Instruction& instruction);
  Step call(const Instruction& instruction);
  Step format(const Instruction& instruction);
  Step insert(const Instruction& instruction);
  Step join(const Instruction& instruction);
  Step collect(const Instruction& instruction);
  Step end_attempt(const Instruction& instruction);
  Step raise(const Instruction& instruction);
  Step output(const Instruction& instruction);

  // Paths: machine_paths.cc
  Step push_rooted(const Instruction& instruction);
  Step read_path(const Instruction& instruction);
  Step peek_path(const Instruction& instruction, const Value& from);
  Step index_value(const Instruction& instruction);
  Step slice_value(const Instruction& instruction);
  Step get_path(const Instruction& instruction);
  void begin_path(const Instruction& instruction);
  Step end_path(const Instruction& instruction);
  bool follows() const { return way_ != kNoWay; }
  bool is_on_way(const Value& value) const;
  void go(Value key, const Value& value);
  Step off_way_at_key(const Instruction& instruction, const Value& target, const Value& key);

  Step give(const Instruction& instruction, Outcome outcome);
  Step grown(const Instruction& instruction);
  Step fail(Problem problem, bool forgiven);
  Step fail(const Instruction& instruction, Failure failure, bool forgiven = false);

  static constexpr std::uint32_t kNoWay = 0xFFFFFFFF;

  const Code& code_;
  const Context* context_;
  Resources resources_;
  std::int64_t baseline_;  // what the thread had allocated for values when this began
  std::vector<Cell> cells_;
  std::uint32_t top_;
  std::uint32_t protected_ = 0;  // cells below this one are needed by a fork
  std::vector<Fork> forks_;
  std::vector<Frame> frames_;
  std::uint32_t frame_ = 0;             // the current one
  std::uint32_t protected_frames_ = 0;  // frames below this one are needed by a fork
  std::vector<Value> variables_;
  std::vector<Closure> closures_;
  std::vector<Way> ways_;
  std::uint32_t way_ = kNoWay;  // where the current value comes from, while a path is wanted
  std::uint32_t at_ = 0;        // the next instruction
  bool begun_ = false;
  bool ended_ = false;
  Problem problem_;
  Value error_;  // the value of the problem that was raised last
};

// What nearly every instruction does.

inline void Machine::push(Value value) {
  cells_.push_back({std::move(value), top_});
  top_ = static_cast<std::uint32_t>(cells_.size() - 1);
}

inline Value Machine::pop() {
  auto& cell = cells_[top_];
  const auto below = cell.below;
  if (top_ < protected_) {
    top_ = below;
    return cell.value;
  }
  auto value = std::move(cell.value);
  truncate_cells(top_);
  top_ = below;
  return value;
}

inline void Machine::truncate_cells(std::size_t count) {
  while (cells_.size() > count) cells_.pop_back();
}

inline void Machine::replace_top(Value value) {
  auto& cell = cells_[top_];
  if (top_ >= protected_) {
    cell.value = std::move(value);
    return;
  }
  cells_.push_back({std::move(value), cell.below});
  top_ = static_cast<std::uint32_t>(cells_.size() - 1);
}

inline std::uint32_t Machine::cell_below(std::uint32_t depth) const {
  auto cell = top_;
  for (; depth > 0; --depth) cell = cells_[cell].below;
  return cell;
}

inline std::uint32_t Machine::frame_out(std::uint32_t hops) const {
  auto frame = frame_;
  for (; hops > 0; --hops) frame = frames_[frame].outer;
  return frame;
}

inline Value& Machine::variable(const Instruction& instruction) {
  return variables_[frames_[frame_out(instruction.hops)].variables + instruction.operand];
}

/// Where the parts of a value lie; null for those without. The same as before: nothing was copied.
const void* storage_of(const Value& value);

/// What a path leads to, or why it leads nowhere.
struct Found {
  const Value* value = nullptr;  ///< Lives as long as what was read from; null with a problem.
  Problem problem;
};

/// Follows the path from a value, or from its root of the context, without copying what lies
/// between.
Found follow(const Code& code, const Path& path, const Value& from);
Found follow(const Code& code, const Path& path, const Context& context);

}  // namespace tba::expression::detail
