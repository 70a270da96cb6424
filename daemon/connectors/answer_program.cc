#include "daemon/connectors/answer_program.h"

#include <utility>

namespace tba::connectors {

using expression::Evaluation;
using expression::Problem;
using expression::Program;

boost::system::result<Value, Problem> evaluate(const Program& program, const Value& answer) {
  Evaluation evaluation(program, answer);
  auto first = evaluation.next();
  if (!first) return Value();
  if (*first && evaluation.next())
    return Problem{.message = "it gives several values",
                   .hint = "write […] to get them as an array"};
  return *std::move(first);
}

Value value_or_null(const std::optional<Program>& program, const Value& answer) {
  if (!program) return {};
  auto value = evaluate(*program, answer);
  return value ? *std::move(value) : Value();
}

bool holds(const std::optional<Program>& program, const Value& answer) {
  const auto value = value_or_null(program, answer);
  return value.is_boolean() && value.as_boolean();
}

}  // namespace tba::connectors
