#pragma once

#include <string>
#include <vector>

#include "shared/clock.h"
#include "tests/simulation/dice.h"

namespace tba::simulation {

/// The connector that generated workflows call, as a file: `far/put` may be repeated, `far/post` is
/// keyed.
extern const char* const kConnectorText;

/// Makes workflow files, as text. What they do is of no use, but uses everything.
///
/// The members of each `set` say where their values come from, so that they can be checked:
/// `trigger` is the number in the trigger's body, `from_<id>` that in the answer to the step.
class WorkflowGenerator {
 public:
  explicit WorkflowGenerator(std::uint64_t seed) : dice_(seed) {}

  /// A file with so many steps at most. It may be started by hand, by deliveries and by a schedule.
  std::string workflow(std::size_t most_steps);

 private:
  using Lines = std::vector<std::string>;

  /// A list of steps, to stand under a key.
  Lines steps(std::size_t count, const std::string& prefix);
  Lines step(const std::string& id);
  Lines acting(const std::string& id);
  Lines options_of_acting(bool is_program);

  std::string duration(Duration shortest, Duration longest);
  std::string retry();
  std::string condition();
  std::string copies();
  std::string number();

  Dice dice_;
  std::vector<std::string> numbered_;  // steps so far whose answers have a number
};

}  // namespace tba::simulation
