#include "shared/answer_rules.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tba {
namespace {

using expression::Program;

constexpr std::array kErrorKeys{
    Key{.name = "when",
        .type = KeyType::templated,
        .description = "an expression on .status, .headers and .body: whether an answer tells of a "
                       "failure although its status does not"},
    Key{.name = "message",
        .type = KeyType::templated,
        .description = "an expression on the same: what went wrong, as text"},
    Key{.name = "limited",
        .type = KeyType::templated,
        .description = "an expression on the same: whether the API asks to come later, as it does "
                       "with status 429"},
    Key{.name = "retry_after",
        .type = KeyType::templated,
        .description = "an expression on the same: in how many seconds to come again; where it "
                       "gives null, the header Retry-After says it"},
    Key{.name = "final",
        .type = KeyType::templated,
        .description = "an expression on the same: whether to try again is of no use, whatever the "
                       "status is"},
};

std::optional<Program> read_program(const Fields& fields, std::string_view key) {
  const auto* node = fields.find(key);
  return node ? read_plain_program(*node, fields.diagnostics()) : std::nullopt;
}

}  // namespace

constinit const KeyTable kAnswerErrorTable{"answer_error", "the error", kErrorKeys};

AnswerRules read_answer_rules(const Fields& fields, AnswerRules otherwise) {
  auto rules = std::move(otherwise);
  if (const auto* error = fields.find("error")) {
    const Fields keys(*error, kAnswerErrorTable, fields.diagnostics());
    rules.failure = {read_program(keys, "when"), read_program(keys, "message"),
                     read_program(keys, "limited"), read_program(keys, "retry_after"),
                     read_program(keys, "final")};
  }
  if (fields.has("output")) rules.output = read_program(fields, "output");
  return rules;
}

std::optional<Program> read_plain_program(const yaml::Node& node, Diagnostics& diagnostics) {
  constexpr std::string_view kOpening = "${{";
  constexpr std::string_view kClosing = "}}";
  const std::string_view text = node.text;
  if (!text.starts_with(kOpening) || !text.ends_with(kClosing)) {
    node.error(diagnostics, "this must be an expression, and nothing else",
               "write ${{ … }} around it");
    return std::nullopt;
  }
  const auto source = text.substr(kOpening.size(), text.size() - kOpening.size() - kClosing.size());
  auto program = Program::compile(source, expression::Mode::plain);
  if (program) return *std::move(program);
  for (auto& problem : program.error()) {
    diagnostics.error(node.where, kOpening.size() + problem.offset,
                      std::max<std::size_t>(problem.length, 1), std::move(problem.message),
                      std::move(problem.hint));
  }
  return std::nullopt;
}

}  // namespace tba
