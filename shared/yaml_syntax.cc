#include "shared/yaml_syntax.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace tba::yaml {
namespace {

struct SyntaxProblem {
  std::string_view from_library;
  std::string_view message;
  std::string_view hint;
};

constexpr std::array<SyntaxProblem, 12> kSyntaxProblems{{
    {"illegal map value", "a mapping cannot begin inside a value",
     "put text that holds ': ' in quotes; indent a nested mapping on lines of its own"},
    {"illegal map key", "a key cannot stand here", ""},
    {"illegal block entry", "a list item cannot begin here", ""},
    {"end of map not found", "this line fits no mapping that is open",
     "give the keys of a mapping the same indentation"},
    {"end of sequence not found", "this line fits no list that is open",
     "give the items of a list the same indentation"},
    {"end of map flow not found", "the mapping that began with '{' cannot go on like this",
     "close it with '}'; put text that holds , { } [ ] in quotes"},
    {"end of sequence flow not found", "the list that began with '[' cannot go on like this",
     "close it with ']'; put text that holds , { } [ ] in quotes"},
    {"the referenced anchor is not defined", "the alias names no anchor that comes before it",
     "put text that begins with '*' in quotes"},
    {"unknown token", "no value can begin with this character", "put the text in quotes"},
    {"illegal document indicator in scalar", "a line of dashes or dots ends the quoted text", ""},
    {"illegal EOF in scalar", "the quoted text is not closed", ""},
    {"illegal flow end", "there is nothing open that this could close", "put the text in quotes"},
}};

// The expression on this line that stands outside of quotes and to which the problem at `column`
// (bytes) may be due; npos if there is none.
std::size_t unquoted_expression(std::string_view line, std::size_t column) {
  char quote = 0;
  for (std::size_t at = 0; at < line.size() && at <= column; ++at) {
    const char c = line[at];
    if (quote != 0) {
      if (c == '\\' && quote == '"')
        ++at;
      else if (c == quote)
        quote = 0;
    } else if ((c == '"' || c == '\'') &&
               (at == 0 || std::string_view(" [{,:").find(line[at - 1]) != line.npos)) {
      quote = c;
    } else if (line.substr(at).starts_with("${{")) {
      return at;
    }
  }
  return std::string_view::npos;
}

// The expression in the quotes that it lacks.
std::string quoted(std::string_view expression) {
  if (expression.find_first_of("\"\\") == std::string_view::npos) {
    return fmt::format("\"{}\"", expression);
  }
  std::string out = "'";
  for (const char c : expression) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

// The line that begins at that byte, without blanks around its text and dashes before it.
struct Line {
  std::size_t text;  // where that begins
  std::string_view rest;
};
Line line_at(std::string_view file, std::size_t begin) {
  const auto end = std::min(file.find('\n', begin), file.size());
  const auto text = std::min(file.find_first_not_of(" -", begin), end);
  const auto rest = file.substr(text, end - text);
  return {text, rest.substr(0, rest.find_last_not_of(" \t\r") + 1)};
}

// Where the line before that one begins whose text is a key and more; npos if it is none.
std::size_t key_line_before(std::string_view file, std::size_t begin) {
  while (begin > 0) {
    begin = begin > 1 ? file.rfind('\n', begin - 2) + 1 : 0;
    const auto rest = line_at(file, begin).rest;
    if (rest.empty() || rest.front() == '#') continue;
    const auto colon = rest.find(':');
    const bool is_key = colon != rest.npos && colon > 0 && colon + 1 < rest.size() &&
                        rest.substr(0, colon).find_first_of(" \"'{}[]") == rest.npos;
    return is_key ? begin : std::string_view::npos;
  }
  return std::string_view::npos;
}

// A mapping that begins inside of a value is most often due to the line before: a key without a
// blank behind its colon, or a line that is indented deeper than its neighbours. Whether it was.
bool report_line_before(const std::shared_ptr<const SourceFile>& file, std::size_t begin,
                        Diagnostics& diagnostics) {
  const std::string_view text = file->text();
  const auto before_begin = key_line_before(text, begin);
  if (before_begin == std::string_view::npos) return false;
  const auto before = line_at(text, before_begin);
  const auto here = line_at(text, begin);
  const auto colon = before.rest.find(':');
  if (before.rest[colon + 1] != ' ' && before.rest[colon + 1] != '/') {
    diagnostics.error({file, {{0, before.text + colon}}}, 0, 1, "a blank is missing behind ':'");
    return true;
  }
  if (here.text - begin <= before.text - before_begin) return false;
  diagnostics.error({file, {{0, here.text}}}, 0, 1,
                    "this line is indented deeper than the key above it, which has a value",
                    "give the keys of a mapping the same indentation");
  return true;
}

}  // namespace

void report_syntax(const std::shared_ptr<const SourceFile>& file, std::size_t offset,
                   const std::string& message, Diagnostics& diagnostics) {
  const auto& text = file->text();
  const auto begin = offset == 0 ? 0 : text.rfind('\n', offset - 1) + 1;
  const auto line = std::string_view(text).substr(begin, text.find('\n', begin) - begin);
  if (const auto at = unquoted_expression(line, offset - begin); at != std::string_view::npos) {
    auto expression = line.substr(at, line.find("${{", at + 3) - at);
    const auto end = expression.rfind("}}");
    expression = end != std::string_view::npos ? expression.substr(0, end + 2) : "${{ … }}";
    diagnostics.error({file, {{0, begin + at}}}, 0, expression.size(),
                      "YAML cannot read this expression without quotes",
                      "put the whole value in quotes: " + quoted(expression));
    return;
  }
  const auto indentation = line.substr(0, line.find_first_not_of(" \t"));
  if (const auto tab = indentation.find('\t'); tab != std::string_view::npos) {
    diagnostics.error({file, {{0, begin + tab}}}, 0, 1, "a tab cannot indent a line of YAML",
                      "use blanks");
    return;
  }
  const bool is_inside_value = message == kSyntaxProblems.front().from_library;
  if (is_inside_value && report_line_before(file, begin, diagnostics)) return;
  const auto* const known =
      std::find_if(kSyntaxProblems.begin(), kSyntaxProblems.end(),
                   [&](const SyntaxProblem& problem) { return message == problem.from_library; });
  if (known != kSyntaxProblems.end()) {
    diagnostics.error({file, {{0, offset}}}, 0, 1, std::string(known->message),
                      std::string(known->hint));
  } else {
    diagnostics.error({file, {{0, offset}}}, 0, 1, "not YAML: " + message);
  }
}

}  // namespace tba::yaml
