#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/expression/context.h"
#include "shared/expression/program.h"
#include "shared/file.h"
#include "shared/value/json.h"

// The recipes of the manual page tba-expression(5), each run on the context beside it.
namespace tba::tests {
namespace {

using namespace tba::expression;

struct Recipe {
  std::string title;
  std::string program;
  std::string context;
  std::string output;
};

/// What a line of an example shows, its escapes resolved (groff_char(7), groff(7)).
std::string shown(std::string_view line) {
  static const std::vector<std::pair<std::string_view, std::string_view>> kEscapes = {
      {"\\&", ""},    {"\\-", "-"},   {"\\e", "\\"},  {"\\(dq", "\""},
      {"\\(ha", "^"}, {"\\(ti", "~"}, {"\\(ga", "`"}, {"\\(aq", "'"}};
  std::string text;
  while (!line.empty()) {
    auto length = std::size_t{1};
    auto piece = line.substr(0, 1);
    for (const auto& [escape, character] : kEscapes) {
      if (!line.starts_with(escape)) continue;
      length = escape.size();
      piece = character;
    }
    text += piece;
    line.remove_prefix(length);
  }
  return text;
}

/// Those of the page: below each heading of its section two examples, the program, then context and
/// output.
std::vector<Recipe> recipes() {
  const auto page = read_file(TBA_SOURCE_DIR "/man/tba-expression.5", 1 << 20).value();
  std::vector<Recipe> all;
  bool within_section = false;
  std::optional<std::string> example;
  std::size_t at = 0;
  while (at < page.size()) {
    const auto end = page.find('\n', at);
    const auto line = std::string_view(page).substr(at, end - at);
    at = end + 1;
    if (line.starts_with(".SH ")) within_section = line == ".SH RECIPES";
    if (!within_section) continue;
    if (line.starts_with(".SS ")) {
      all.push_back({std::string(line.substr(4)), "", "", ""});
    } else if (line == ".EX") {
      example.emplace();
    } else if (line == ".EE") {
      auto& recipe = all.at(all.size() - 1);
      const auto arrow = example->find("=> ");
      if (recipe.program.empty()) {
        recipe.program = *example;
      } else if (arrow != std::string::npos) {
        recipe.context = example->substr(0, arrow);
        recipe.output = example->substr(arrow + 3);
      }
      example.reset();
    } else if (example) {
      *example += (example->empty() ? "" : "\n") + shown(line);
    }
  }
  return all;
}

std::string output_of(const Recipe& recipe) {
  const auto program = Program::compile(recipe.program, Mode::workflow);
  if (!program) return program.error().front().message;
  const auto values = parse_json(recipe.context).value();
  Context context;
  for (const auto& member : values.members()) {
    context.set(root_named(member.name).value(), member.value);
  }
  const auto output = evaluate_single(*program, context);
  return output ? to_json(*output) : output.error().message;
}

TEST_CASE("recipes: each of the manual's gives what it says") {
  const auto all = recipes();
  CHECK(all.size() >= 20);
  for (const auto& recipe : all) {
    CAPTURE(recipe.title, recipe.program);
    CHECK(output_of(recipe) == recipe.output);
  }
}

}  // namespace
}  // namespace tba::tests
