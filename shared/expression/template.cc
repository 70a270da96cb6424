#include "shared/expression/template.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shared/value/json.h"

namespace tba::expression {
namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kEscapedOpen = "$${{";
constexpr std::string_view kClose = "}}";

/// The "}}" that closes the expression which begins at `at`: outside strings and comments, where no
/// bracket is open.
std::size_t find_close(std::string_view text, std::size_t at) {
  std::string open;  // brackets, and '"' for the string that they are interpolated into
  while (at < text.size()) {
    const char c = text[at];
    if (!open.empty() && open.back() == '"') {
      if (c == '"') {
        open.pop_back();
      } else if (c == '\\') {
        ++at;
        if (at < text.size() && text[at] == '(') open += '(';
      }
    } else if (open.empty() && text.substr(at).starts_with(kClose)) {
      return at;
    } else if (c == '#') {
      const auto end = std::min(text.find('\n', at), text.size());
      const auto close = text.find(kClose, at);
      if (open.empty() && close < end) return close;
      at = end;
    } else if (c == '"' || c == '(' || c == '[' || c == '{') {
      open += c;
    } else if ((c == ')' || c == ']' || c == '}') && !open.empty()) {
      open.pop_back();
    }
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace

struct Template::Parts {
  struct Expression {
    std::string text_before;  ///< Between the expression before and this one.
    std::size_t offset;       ///< Of the program in the template's text.
    Program program;
  };
  std::vector<Expression> expressions;
  std::string text_behind;  ///< Behind the last expression; all of it if there is none.
  std::vector<Reference> references;
};

boost::system::result<Template, std::vector<Problem>> Template::parse(std::string_view text) {
  auto parts = std::make_shared<Parts>();
  std::vector<Problem> problems;
  std::string literal;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto dollar = std::min(text.find('$', at), text.size());
    literal.append(text, at, dollar - at);
    at = dollar;
    const auto rest = text.substr(at);
    if (rest.starts_with(kEscapedOpen)) {
      literal += kOpen;
      at += kEscapedOpen.size();
    } else if (rest.starts_with(kOpen)) {
      const auto begin = at + kOpen.size();
      const auto end = find_close(text, begin);
      if (end == std::string_view::npos) {
        problems.push_back({at, kOpen.size(), "the expression is not closed: '}}' is missing",
                            "write '$${{' for a literal '${{'"});
        break;
      }
      auto program = Program::compile(text.substr(begin, end - begin), Mode::workflow);
      if (program) {
        for (auto reference : program->references()) {
          reference.shift(begin);
          parts->references.push_back(std::move(reference));
        }
        parts->expressions.push_back({std::exchange(literal, {}), begin, std::move(*program)});
      } else {
        for (auto problem : program.error()) {
          problem.offset += begin;
          problems.push_back(std::move(problem));
        }
      }
      at = end + kClose.size();
    } else if (!rest.empty()) {
      literal += '$';
      ++at;
    }
  }
  if (!problems.empty()) return problems;
  parts->text_behind = std::move(literal);
  return Template(std::move(parts));
}

bool Template::is_constant() const {
  return parts_->expressions.empty();
}

const std::string& Template::as_constant() const {
  return parts_->text_behind;
}

bool Template::is_expression() const {
  return parts_->expressions.size() == 1 && parts_->expressions[0].text_before.empty() &&
         parts_->text_behind.empty();
}

boost::system::result<Value, Problem> Template::evaluate(const Context& context,
                                                         const Budget& budget,
                                                         const Surroundings& surroundings) const {
  std::string text;
  for (const auto& expression : parts_->expressions) {
    auto value = evaluate_single(expression.program, context, budget, surroundings);
    if (!value) {
      auto problem = value.error();
      problem.offset += expression.offset;
      return problem;
    }
    if (is_expression()) return value;
    text += expression.text_before;
    if (value->is_string()) {
      text += value->as_string();
    } else if (value->is_array() || value->is_object()) {
      return Problem{expression.offset, expression.program.source().size(),
                     fmt::format("an {} cannot be put into text", type_name(*value)),
                     "add '| tojson' to put it in as JSON"};
    } else {
      append_json(text, *value);
    }
  }
  text += parts_->text_behind;
  return Value::string(text);
}

const std::vector<Reference>& Template::references() const {
  return parts_->references;
}

}  // namespace tba::expression
