// Compiles arbitrary bytes as a jq program, as an expression of a workflow and as a template.
// Problems must point into the text and say something; what compiles must do so again, with the
// same references.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/expression/program.h"
#include "shared/expression/template.h"

namespace {

using namespace tba::expression;

void check_place(std::size_t offset, std::size_t length, std::string_view text) {
  if (offset > text.size() || length > text.size() - offset) std::abort();
}

void check(const std::vector<Problem>& problems, std::string_view text) {
  if (problems.empty()) std::abort();
  for (const auto& problem : problems) {
    check_place(problem.offset, problem.length, text);
    if (problem.message.empty()) std::abort();
  }
}

void compile(std::string_view text, Mode mode) {
  static const std::vector<std::string> variables{"given"};
  const auto program = Program::compile(text, mode, variables);
  if (!program) return check(program.error(), text);
  for (const auto& reference : program->references())
    check_place(reference.offset, reference.length, text);
  const auto again = Program::compile(program->source(), mode, variables);
  if (!again || again->references().size() != program->references().size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  compile(text, Mode::plain);
  compile(text, Mode::workflow);
  if (const auto parsed = Template::parse(text); !parsed) check(parsed.error(), text);
  return 0;
}
