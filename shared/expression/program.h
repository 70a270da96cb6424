#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "shared/clock.h"
#include "shared/expression/context.h"
#include "shared/value/value.h"

namespace tba::expression {

/// What is wrong with a program or a template, or what went wrong while it ran.
struct Problem {
  std::size_t offset = 0;        ///< Bytes into the text of the program or the template.
  std::size_t length = 0;        ///< Bytes.
  std::string message;           ///< A sentence without a full stop.
  std::string hint;              ///< What to do about it; or empty.
  bool is_spent_budget = false;  ///< Whether a Budget ended the evaluation.
};

/// Called by boost's result::value() on a failure that nobody checked: a bug, thrown as
/// std::logic_error.
[[noreturn]] void throw_exception_from_error(const Problem& problem,
                                             const boost::source_location& where);
[[noreturn]] void throw_exception_from_error(const std::vector<Problem>& problems,
                                             const boost::source_location& where);

/// What an evaluation may use before it ends as a Problem. The defaults end an endless expression
/// within about 100 ms.
struct Budget {
  std::uint64_t steps = 3'000'000;            ///< Instructions; long operations count as several.
  std::size_t bytes = std::size_t{24} << 20;  ///< Of all values built that still live at any time.
  std::size_t depth = 100'000;                ///< Calls that have not returned.
};

/// What an evaluation sees of the world beside its input.
struct Surroundings {
  const Clock* clock = nullptr;  ///< What `now` reads; null: the machine's own.
  /// Gets what `debug` and `stderr` write, a line at a time without its end; may be empty.
  std::function<void(std::string_view line)> log;

  /// The machine's clock, and nobody who listens.
  static const Surroundings& standard();
};

/// A part of the context that a program reads: `.steps.fetch.body` is the root `steps` and the keys
/// "fetch", "body". Keys end where they are computed.
struct Reference {
  /// Bytes of the text of the program or template.
  struct Span {
    std::size_t offset = 0;
    std::size_t length = 0;
  };

  Root root = Root::trigger;
  std::vector<std::string> keys;
  std::size_t offset = 0;  ///< Of the whole path, in the text of the program or template.
  std::size_t length = 0;
  std::vector<Span> key_spans = {};  ///< Where each of the keys stands.
  bool is_strict = true;             ///< Whether keys must be there: no `?` or `//` forgives.

  /// Counts offsets from that many bytes further ahead.
  void shift(std::size_t bytes);
};

/// How a program's input is meant.
enum class Mode {
  workflow,  ///< `.` is a Context: its roots are known, and a path from them must find its keys.
  plain,     ///< jq: `.` is any value, and a missing key reads as null.
};

namespace detail {
struct Code;
class Machine;
}  // namespace detail

/// A compiled jq program. Immutable; cheap to copy; may be evaluated by several threads at once.
class Program {
 public:
  /// Compiles the text. `variables` are names, without the dollar sign, that the caller will give
  /// values for. Gives all the problems found, in order of position, or a program.
  static boost::system::result<Program, std::vector<Problem>> compile(
      std::string_view source, Mode mode, std::span<const std::string> variables = {});

  /// Its text, as it was compiled.
  const std::string& source() const;

  /// What it may read of the context, in order of position. A use of `.` as a whole gives every
  /// root. Empty for Mode::plain.
  const std::vector<Reference>& references() const;

 private:
  friend class Evaluation;
  friend boost::system::result<Value, Problem> evaluate_single(const Program&, const Context&,
                                                               const Budget&, const Surroundings&);
  explicit Program(std::shared_ptr<const detail::Code> code) : code_(std::move(code)) {}

  std::shared_ptr<const detail::Code> code_;
};

/// One run of a program, which gives its outputs one by one. Used by one thread at a time.
class Evaluation {
 public:
  /// Of a program of Mode::workflow. Program and context must outlive the evaluation. `variables`
  /// are the values of the names given to compile(), in that order.
  /// The surroundings must outlive the evaluation too.
  Evaluation(const Program& program, const Context& context, const Budget& budget = {},
             std::span<const Value> variables = {},
             const Surroundings& surroundings = Surroundings::standard());
  /// Of a program of Mode::plain. Program and surroundings must outlive the evaluation.
  Evaluation(const Program& program, Value input, const Budget& budget = {},
             std::span<const Value> variables = {},
             const Surroundings& surroundings = Surroundings::standard());
  ~Evaluation();
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

  /// The next output, or the problem that ends the evaluation; nullopt when there are no more.
  std::optional<boost::system::result<Value, Problem>> next();

 private:
  std::unique_ptr<detail::Machine> machine_;
};

/// The only output of a program of Mode::workflow: null where it has none, a problem where it has
/// several.
boost::system::result<Value, Problem> evaluate_single(
    const Program& program, const Context& context, const Budget& budget = {},
    const Surroundings& surroundings = Surroundings::standard());

}  // namespace tba::expression
