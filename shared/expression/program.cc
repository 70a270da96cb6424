#include "shared/expression/program.h"

#include <stdexcept>

#include "shared/expression/code.h"
#include "shared/expression/generator.h"
#include "shared/expression/machine.h"
#include "shared/expression/parser.h"

namespace tba::expression {

void throw_exception_from_error(const Problem& problem, const boost::source_location& where) {
  throw std::logic_error("unchecked problem at " + where.to_string() + ": " + problem.message);
}

void throw_exception_from_error(const std::vector<Problem>& problems,
                                const boost::source_location& where) {
  throw_exception_from_error(problems.front(), where);
}

boost::system::result<Program, std::vector<Problem>> Program::compile(
    std::string_view source, Mode mode, std::span<const std::string> variables) {
  auto tree = parse(source);
  if (!tree) return std::vector{tree.error()};
  auto code = detail::Generator(*tree, source, mode, variables).run();
  if (!code) return code.error();
  return Program(std::move(*code));
}

const Surroundings& Surroundings::standard() {
  static const Surroundings kStandard;
  return kStandard;
}

void Reference::shift(std::size_t bytes) {
  offset += bytes;
  for (auto& span : key_spans) span.offset += bytes;
}

const std::string& Program::source() const {
  return code_->source;
}

const std::vector<Reference>& Program::references() const {
  return code_->references;
}

Evaluation::Evaluation(const Program& program, const Context& context, const Budget& budget,
                       std::span<const Value> variables, const Surroundings& surroundings)
    : machine_(std::make_unique<detail::Machine>(*program.code_, &context, Value(), budget,
                                                 variables, surroundings)) {}

Evaluation::Evaluation(const Program& program, Value input, const Budget& budget,
                       std::span<const Value> variables, const Surroundings& surroundings)
    : machine_(std::make_unique<detail::Machine>(*program.code_, nullptr, std::move(input), budget,
                                                 variables, surroundings)) {}

Evaluation::~Evaluation() = default;

std::optional<boost::system::result<Value, Problem>> Evaluation::next() {
  return machine_->next();
}

boost::system::result<Value, Problem> evaluate_single(const Program& program,
                                                      const Context& context, const Budget& budget,
                                                      const Surroundings& surroundings) {
  const auto& code = *program.code_;
  if (code.is_path()) {
    auto found = detail::follow(code, code.paths[0], context);
    if (found.value != nullptr) return *found.value;
    if ((code.paths[0].flags & detail::kOptional) != 0) return Value();
    return std::move(found.problem);
  }
  Evaluation evaluation(program, context, budget, {}, surroundings);
  auto first = evaluation.next();
  if (!first) return Value();
  if (!*first) return std::move(*first);
  const auto second = evaluation.next();
  if (!second) return std::move(*first);
  if (!*second) return second->error();
  return Problem{0, code.source.size(), "the expression has several outputs",
                 "write '[…]' around it for an array of them"};
}

}  // namespace tba::expression
