#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "tests/simulation/dice.h"

namespace tba::simulation {

/// The connector that generated workflows call, as a file: `far/put` may be repeated, `far/post` is
/// keyed.
extern const char* const kConnectorText;

/// The name of a workflow of a set.
std::string workflow_name(std::size_t index);

/// A step that ends the daemon whenever it is carried out, in the runs that a delivery starts.
struct Poison {
  static constexpr const char* kStep = "poison";
  static constexpr const char* kUrl = "http://far.example/poison";

  std::size_t workflow = 0;
  std::int64_t number = 0;  ///< In the delivery's body.
};

/// Makes workflow files, as text. What they do is of no use, but uses everything.
///
/// The members of each `set` say where their values come from, so that they can be checked:
/// `trigger` is the number in the trigger's body, `input` the input `n`, `item` and `index` those
/// of the loop, `from_<id>` the number in the body of what the step left, `whole_<id>` all of that
/// body.
class WorkflowGenerator {
 public:
  explicit WorkflowGenerator(std::uint64_t seed) : dice_(seed) {}

  /// So many files, with about so many steps each at most. They may be started by hand, by
  /// deliveries, by schedules, by the event `kick`, and by failures of each other; each may run
  /// those behind it.
  std::vector<std::string> workflows(std::size_t count, std::size_t most_steps,
                                     const std::optional<Poison>& poison);

 private:
  using Lines = std::vector<std::string>;

  /// A step whose result can be read.
  struct Readable {
    std::string id;
    bool has_number = false;  ///< Whether its body has one, if it succeeds.
  };

  // Files and lists (workflow_generator.cc).
  std::string workflow(std::size_t index, std::size_t most_steps,
                       const std::optional<Poison>& poison);
  std::string triggers();
  std::string concurrency();
  Lines list(std::size_t most, int depth);
  Lines graph(std::size_t count, int depth);
  Lines step(int depth, const Lines& needs);
  Lines parallel(int depth);
  Lines for_each(int depth);
  Lines choose(int depth);

  // Steps that hold no others (step_generator.cc).
  Lines plain(const std::string& id);
  Lines acting(const std::string& id);
  Lines options_of_acting(bool is_program);
  Lines waiting(const std::string& id);
  Lines asking();
  Lines sub_run(const std::string& id);
  std::string copies();
  std::string condition();
  std::string number();
  std::string retry();
  std::string duration(Duration shortest, Duration longest);

  Dice dice_;
  std::size_t count_ = 0;  // of the set
  std::size_t index_ = 0;  // of the present workflow in it
  int serial_ = 0;         // of the last step
  std::size_t steps_left_ = 0;
  std::vector<Readable> readable_;  // where the next step will be
  int loops_ = 0;                   // that it will be in
};

}  // namespace tba::simulation
