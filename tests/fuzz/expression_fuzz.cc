// Compiles and evaluates arbitrary text as a jq program, as an expression of a workflow and as a
// template, with a small budget. Problems must point into the text.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/expression/program.h"
#include "shared/expression/template.h"
#include "shared/value/json.h"

namespace {

using namespace tba;
using namespace tba::expression;

void check(const Problem& problem, std::string_view text) {
  if (problem.offset > text.size() || problem.length > text.size() - problem.offset) std::abort();
  if (problem.message.empty()) std::abort();
}

void drain(Evaluation&& evaluation, std::string_view text) {
  for (int i = 0; i < 100; ++i) {
    const auto output = evaluation.next();
    if (!output) return;
    if (!*output) return check(output->error(), text);
    to_json(**output);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto input =
      parse_json(R"({"a":[1,2.5,{"b":"text"},null],"inputs":{"a":true},"c":"héllo"})").value();
  static const Context context = [] {
    Context made;
    made.set(Root::inputs, input).set(Root::steps, *input.find("a"));
    return made;
  }();
  const Budget budget{.steps = 20'000, .bytes = 1 << 20, .depth = 100};
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  for (const auto mode : {Mode::plain, Mode::workflow}) {
    const auto program = Program::compile(text, mode);
    if (!program) {
      for (const auto& problem : program.error()) check(problem, text);
    } else if (mode == Mode::plain) {
      drain(Evaluation(*program, input, budget), text);
    } else {
      drain(Evaluation(*program, context, budget), text);
    }
  }
  const auto parsed = Template::parse(text);
  if (!parsed) {
    for (const auto& problem : parsed.error()) check(problem, text);
  } else if (const auto value = parsed->evaluate(context, budget); !value) {
    check(value.error(), text);
  }
  return 0;
}
