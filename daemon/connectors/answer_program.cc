#include "daemon/connectors/answer_program.h"

#include <utility>

namespace tba::connectors {

using expression::Evaluation;
using expression::Problem;
using expression::Program;
using expression::Surroundings;

boost::system::result<Value, Problem> evaluate(const Program& program, const Value& answer,
                                               const Surroundings& surroundings) {
  Evaluation evaluation(program, answer, {}, {}, surroundings);
  auto first = evaluation.next();
  if (!first) return Value();
  if (*first && evaluation.next())
    return Problem{.message = "it gives several values",
                   .hint = "write […] to get them as an array"};
  return *std::move(first);
}

Value value_or_null(const std::optional<Program>& program, const Value& answer,
                    const Surroundings& surroundings) {
  if (!program) return {};
  auto value = evaluate(*program, answer, surroundings);
  return value ? *std::move(value) : Value();
}

bool holds(const std::optional<Program>& program, const Value& answer,
           const Surroundings& surroundings) {
  const auto value = value_or_null(program, answer, surroundings);
  return value.is_boolean() && value.as_boolean();
}

}  // namespace tba::connectors
