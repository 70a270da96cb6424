#pragma once

#include <optional>

#include "shared/diagnostic.h"
#include "shared/expression/program.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How the answers of an API are to be understood, beside what their status says. Each is a jq
/// program in expression::Mode::plain over `{status, headers, body}`: status is a number, the names
/// of headers are in lower case, the body is that value where it is JSON, else text.
struct AnswerRules {
  /// Of an answer that tells of a failure; a status of 400 or more always does.
  struct Failure {
    std::optional<expression::Program> when;         ///< Whether any other answer does: a boolean.
    std::optional<expression::Program> message;      ///< What went wrong: text, or null.
    std::optional<expression::Program> limited;      ///< Whether it asks to come later: a boolean.
    std::optional<expression::Program> retry_after;  ///< In how many seconds; or null.
    std::optional<expression::Program> final;  ///< Whether to try again is of no use: a boolean.
  };
  Failure failure;
  /// What a step has for its body, in the place of the answer's.
  std::optional<expression::Program> output;
};

/// The keys of `error`.
extern const KeyTable kAnswerErrorTable;

/// What the keys `error` and `output` of a mapping say; each replaces that part of `otherwise`.
AnswerRules read_answer_rules(const Fields& fields, AnswerRules otherwise);

/// The program that a scalar holds, which is exactly one `${{ … }}` in expression::Mode::plain.
/// Adds to the diagnostics what it is instead, or what is wrong with it.
std::optional<expression::Program> read_plain_program(const yaml::Node& node,
                                                      Diagnostics& diagnostics);

}  // namespace tba
