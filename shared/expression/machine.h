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
#include "shared/value/value.h"

namespace tba::expression::detail {

/// Carries out a program's instructions, with a stack of its own and backtracking.
///
/// A construct with several outputs leaves a fork: what to do when the program asks for the next
/// one. Values that lie on the stack when a fork is made have to be there again when it is taken,
/// so the stack is a list whose cells stay while a fork protects them: taking a value off only
/// moves the top down, to the cell below.
class Machine {
 public:
  /// Code and context must outlive the machine; there is no context for Mode::plain.
  Machine(const Code& code, const Context* context, Value input, const Budget& budget,
          std::span<const Value> variables, const Surroundings& surroundings);

  std::optional<boost::system::result<Value, Problem>> next();

 private:
  struct Cell {
    Value value;
    std::uint32_t below;
  };

  struct Fork {
    enum class Kind : std::uint8_t {
      plain,        ///< Goes on at `instruction`.
      attempt,      ///< The same, but only for an error.
      end_attempt,  ///< Marks that the attempt below is over: an error now is not its.
      iterate,      ///< Goes on behind `instruction`, an iterate, with the next of its values.
    };
    Kind kind;
    std::uint32_t instruction;
    std::uint32_t top;
    std::uint32_t cells;     ///< How many there were, and are kept.
    std::uint32_t next = 0;  ///< Of the values to iterate over.
  };

  enum class Step : std::uint8_t { on, failed, output };

  void push(Value value);
  Value pop();
  const Value& top() const { return cells_[top_].value; }
  void push_fork(Fork::Kind kind, std::uint32_t instruction);
  void restore(const Fork& fork);
  bool backtrack();
  bool recover();

  Step execute(const Instruction& instruction);
  Step read_path(const Instruction& instruction);
  Step index_value(const Instruction& instruction);
  Step iterate(const Instruction& instruction);
  Step combine(const Instruction& instruction);
  Step call(const Instruction& instruction);
  Step insert(const Instruction& instruction);
  Step join(const Instruction& instruction);
  Step collect(const Instruction& instruction);
  Step output();

  Step give(const Instruction& instruction, Outcome outcome);
  Step account(const Instruction& instruction, const Value& made, const void* old_storage);
  Step fail(Problem problem, bool forgiven);
  Step overspent(const Instruction& instruction, std::string message);
  Step too_many_steps(const Instruction& instruction);
  Step too_many_bytes(const Instruction& instruction);

  const Code& code_;
  const Context* context_;
  Budget budget_;
  Resources resources_;
  std::size_t bytes_left_;
  std::vector<Cell> cells_;
  std::uint32_t top_;
  std::uint32_t protected_ = 0;  // cells below this one are needed by a fork
  std::vector<Fork> forks_;
  std::vector<Value> variables_;
  std::uint32_t at_ = 0;  // the next instruction
  bool begun_ = false;
  bool ended_ = false;
  Problem problem_;
};

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
