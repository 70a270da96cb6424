#include "shared/diagnostic.h"

#include <catch2/catch.hpp>

using tba::Diagnostic;
using tba::Diagnostics;
using tba::SourceFile;
using tba::SourcePosition;
using tba::SourcePositions;

namespace {

std::shared_ptr<const SourceFile> file(std::string text) {
  return std::make_shared<const SourceFile>("a.yaml", std::move(text));
}

SourcePositions verbatim(std::shared_ptr<const SourceFile> file) {
  return {std::move(file), {{0, 0}}};
}

}  // namespace

TEST_CASE("source file: positions count lines and code points from 1") {
  const auto source = file("a: é x\r\nb\n");
  CHECK(source->position(0) == SourcePosition{1, 1});
  CHECK(source->position(6) == SourcePosition{1, 6});
  CHECK(source->position(9) == SourcePosition{2, 1});
  CHECK(source->position(1000) == SourcePosition{3, 1});
  CHECK(source->line(1) == "a: é x");
  CHECK(source->line(2) == "b");
  CHECK(source->line(3).empty());
  CHECK(source->line(4).empty());
  CHECK(source->line(0).empty());
}

TEST_CASE("source positions: runs say where decoded bytes stand") {
  const SourcePositions where(file("a: \"x\\ty\"\n"), {{0, 4}, {1, 5}, {2, 7}});
  CHECK(where.place(0) == "a.yaml:1:5");
  CHECK(where.place(1) == "a.yaml:1:6");
  CHECK(where.place(2) == "a.yaml:1:8");
  CHECK(SourcePositions().place(3) == "1:4");
}

TEST_CASE("diagnostics: each shows its line, a caret below the place, and its hint") {
  Diagnostics diagnostics;
  const auto where = verbatim(file("on: x\nstep: fetsh\n"));
  diagnostics.error(where, 12, 5, "unknown step 'fetsh' (did you mean 'fetch'?)", "name a step");
  diagnostics.warning(where, 4, 1, "odd");
  CHECK(diagnostics.has_errors());
  CHECK(diagnostics.render() ==
        "a.yaml:1:5: warning: odd\n"
        "    1 | on: x\n"
        "      |     ^\n"
        "a.yaml:2:7: error: unknown step 'fetsh' (did you mean 'fetch'?)\n"
        "    2 | step: fetsh\n"
        "      |       ^~~~~\n"
        "      hint: name a step\n");
}

TEST_CASE("diagnostics: warnings alone are no errors, and nothing renders as nothing") {
  Diagnostics diagnostics;
  CHECK(diagnostics.render().empty());
  diagnostics.warning(verbatim(file("x")), 0, 1, "odd");
  CHECK_FALSE(diagnostics.has_errors());
  CHECK_FALSE(diagnostics.empty());
}

TEST_CASE("diagnostics: colour is added only where asked for") {
  Diagnostics diagnostics;
  diagnostics.error(verbatim(file("x")), 0, 1, "bad");
  CHECK(diagnostics.render(true) ==
        "\x1b[1ma.yaml:1:1:\x1b[0m \x1b[1;31merror:\x1b[0m bad\n"
        "    1 | x\n"
        "      | \x1b[1;32m^\x1b[0m\n");
}

TEST_CASE("diagnostics: what has no file has no line") {
  Diagnostics diagnostics;
  Diagnostic problem;
  problem.message = "cannot read the folder";
  diagnostics.add(problem);
  CHECK(diagnostics.render() == "error: cannot read the folder\n");
}

TEST_CASE("diagnostics: the caret stands right after wide text, tabs, and at the line's end") {
  Diagnostics diagnostics;
  const auto where = verbatim(file("é:\té x"));
  diagnostics.error(where, 7, 20, "long");
  diagnostics.error(where, 8, 1, "at the end");
  CHECK(diagnostics.render() ==
        "a.yaml:1:6: error: long\n"
        "    1 | é: é x\n"
        "      |      ^\n"
        "a.yaml:1:7: error: at the end\n"
        "    1 | é: é x\n"
        "      |       ^\n");
}

TEST_CASE("diagnostics: a very long line is cut around the caret") {
  Diagnostics diagnostics;
  diagnostics.error(verbatim(file(std::string(1000, 'a') + "!" + std::string(1000, 'b'))), 1000, 1,
                    "bad");
  CHECK(diagnostics.render() == "a.yaml:1:1001: error: bad\n    1 | …" + std::string(60, 'a') +
                                    "!" + std::string(99, 'b') + "…\n      | " +
                                    std::string(61, ' ') + "^\n");
}

TEST_CASE("diagnostics: beyond 200 problems only their number is told") {
  Diagnostics diagnostics;
  for (int i = 0; i < 203; ++i) diagnostics.error(verbatim(file("x")), 0, 1, "bad");
  const auto text = diagnostics.render();
  CHECK(text.ends_with("and 3 more problems\n"));
}
