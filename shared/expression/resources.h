#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/clock.h"
#include "shared/expression/program.h"

namespace tba::expression {

/// Why an operation on values gave none.
struct Failure {
  std::string message;           ///< jq's, without a full stop.
  bool is_spent_budget = false;  ///< Whether a limit was exceeded, which no `try` catches.
};

/// What an evaluation has left of its budget, and what it sees of the world. Operations that take
/// time or memory with the size of their operands ask here first. Used by one thread at a time.
class Resources {
 public:
  Resources(const Budget& budget, const Surroundings& surroundings)
      : budget_(budget), surroundings_(surroundings), steps_left_(budget.steps) {}

  const Budget& budget() const { return budget_; }

  /// Takes one instruction from the budget; false where none is left.
  bool step() {
    if (steps_left_ == 0) return false;
    --steps_left_;
    return true;
  }

  /// Takes the steps for work that handles that many bytes from the budget. False where too few are
  /// left: the operation ends with spent_steps().
  bool spend(std::uint64_t bytes) {
    const auto steps = bytes / kBytesPerStep;
    if (steps > steps_left_) {
      steps_left_ = 0;
      return false;
    }
    steps_left_ -= steps;
    return true;
  }

  std::uint64_t steps_left() const { return steps_left_; }

  /// Whether something of that many bytes may be built: asked before the memory is taken. Where it
  /// may not, the operation ends with spent_bytes().
  bool may_build(std::uint64_t bytes) const { return bytes <= budget_.bytes; }

  Failure spent_steps() const;
  Failure spent_bytes() const;

  Instant now() const;
  /// A line for whoever follows the evaluation, as `debug` writes it.
  void log(std::string_view text) const;

 private:
  static constexpr std::uint64_t kBytesPerStep = 32;  // handled in about an instruction's time

  Budget budget_;
  const Surroundings& surroundings_;
  std::uint64_t steps_left_;
};

}  // namespace tba::expression
