// Runs the tables of programs, inputs and outputs in tests/data/expression; the README there
// describes them.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/expression/program.h"
#include "shared/value/json.h"

namespace tba::tests {
namespace {

using namespace tba::expression;

const std::filesystem::path kFolder = TBA_SOURCE_DIR "/tests/data/expression";

struct Case {
  std::size_t line = 0;  ///< Of the program.
  std::string program;
  std::string input;
  std::vector<std::string> outputs;
};

std::vector<Case> read_cases(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Case> cases;
  std::vector<std::string> block;
  std::size_t number = 0;
  const auto finish = [&] {
    if (block.empty() || block[0].starts_with('#')) return block.clear();
    Case made;
    made.line = number - block.size();
    made.program = block[0];
    std::size_t next = 1;
    for (; next < block.size() && block[next].starts_with("  "); ++next)
      made.program += '\n' + block[next];
    INFO(path << ':' << made.line);
    REQUIRE(next < block.size());
    made.input = block[next];
    made.outputs.assign(block.begin() + static_cast<std::ptrdiff_t>(next) + 1, block.end());
    cases.push_back(std::move(made));
    block.clear();
  };
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty())
      finish();
    else
      block.push_back(line);
  }
  ++number;
  finish();
  return cases;
}

std::vector<std::string> outputs_of(const Case& example) {
  const auto program = Program::compile(example.program, Mode::plain);
  if (!program) {
    UNSCOPED_INFO("refused: " << program.error().front().message);
    return {"refused"};
  }
  std::vector<std::string> outputs;
  Evaluation evaluation(*program, parse_json(example.input).value());
  while (const auto output = evaluation.next())
    outputs.push_back(*output ? to_json(**output) : "error: " + output->error().message);
  const bool any_message = !example.outputs.empty() && example.outputs.back() == "error";
  if (any_message && !outputs.empty() && outputs.back().starts_with("error: ")) {
    UNSCOPED_INFO(outputs.back());
    outputs.back() = "error";
  }
  return outputs;
}

std::vector<std::filesystem::path> chapters() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    if (entry.path().extension() == ".test") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

TEST_CASE("expression: the tables of programs and their outputs hold") {
  const auto path = GENERATE(from_range(chapters()));
  const auto cases = read_cases(path);
  CHECK(cases.size() >= 15);
  for (const auto& example : cases) {
    INFO(path.filename().string() << ':' << example.line << ": " << example.program << " on "
                                  << example.input);
    CHECK(outputs_of(example) == example.outputs);
  }
}

}  // namespace
}  // namespace tba::tests
