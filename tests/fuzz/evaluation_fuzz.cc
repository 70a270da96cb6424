// Evaluates a program, all lines but the last, on the JSON of the last line, with a small budget:
// plainly, as an expression of a workflow and as a template. An evaluation must do the same again,
// keep to its budget, and give values whose JSON can be read.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "shared/expression/program.h"
#include "shared/expression/template.h"
#include "shared/value/json.h"
#include "tests/support/fake_clock.h"

namespace {

using namespace tba;
using namespace tba::expression;

constexpr Budget kBudget{.steps = 20'000, .bytes = 1 << 20, .depth = 1'000};
constexpr int kMostOutputs = 200;

void check(const Problem& problem, std::string_view text) {
  if (problem.offset > text.size() || problem.length > text.size() - problem.offset) std::abort();
  if (problem.message.empty() && problem.is_spent_budget) std::abort();
}

void check(const Value& value) {
  const auto json = to_json(value);
  const auto again = parse_json(json);
  if (!again || to_json(*again) != json) std::abort();
  if (!std::is_eq(Value::compare(*again, parse_json(json).value()))) std::abort();
}

/// All outputs and the problem at the end, a line each.
std::string drained(Evaluation&& evaluation, std::string_view text) {
  std::string lines;
  for (int i = 0; i < kMostOutputs; ++i) {
    const auto output = evaluation.next();
    if (!output) break;
    if (!*output) {
      check(output->error(), text);
      return lines + "error: " + output->error().message;
    }
    check(**output);
    append_json(lines, **output);
    lines += '\n';
  }
  return lines;
}

bool ends_at_steps(std::string_view lines) {
  return lines.find(" steps") != std::string_view::npos;
}

void evaluate_plainly(std::string_view text, const Value& input, const Surroundings& surroundings) {
  const auto program = Program::compile(text, Mode::plain);
  if (!program) return;
  const auto once = drained(Evaluation(*program, input, kBudget, {}, surroundings), text);
  const auto twice = drained(Evaluation(*program, input, kBudget, {}, surroundings), text);
  // Regular expressions pay by the time they take.
  if (once != twice && !ends_at_steps(once) && !ends_at_steps(twice)) std::abort();
}

void evaluate_in_workflow(std::string_view text, const Value& input,
                          const Surroundings& surroundings) {
  Context context;
  context.set(Root::trigger, input).set(Root::steps, input).set(Root::inputs, input);
  if (const auto program = Program::compile(text, Mode::workflow)) {
    const auto once = drained(Evaluation(*program, context, kBudget, {}, surroundings), text);
    const auto twice = drained(Evaluation(*program, context, kBudget, {}, surroundings), text);
    if (once != twice && !ends_at_steps(once) && !ends_at_steps(twice)) std::abort();
  }
  if (const auto parsed = Template::parse(text)) {
    if (const auto value = parsed->evaluate(context, kBudget); value)
      check(*value);
    else
      check(value.error(), text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tests::FakeClock clock;
  static const Surroundings surroundings{.clock = &clock, .log = [](std::string_view) {}};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto end = bytes.find_last_of('\n');
  const auto text = bytes.substr(0, end);
  auto input = Value();
  if (end != std::string_view::npos) {
    auto parsed = parse_json(bytes.substr(end + 1), {.depth = 500, .bytes = 64 << 10});
    if (!parsed) return 0;
    input = std::move(*parsed);
  }
  evaluate_plainly(text, input, surroundings);
  evaluate_in_workflow(text, input, surroundings);
  return 0;
}
