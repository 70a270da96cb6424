#include "cli/expression_source.h"

#include <istream>
#include <iterator>
#include <memory>

#include "shared/file.h"

namespace tba::cli {

Outcome<ExpressionSource> ExpressionSource::read(const std::string& path, Console& console) {
  if (path == "-") {
    if (console.in_is_terminal) {
      console.err << "reading the program from the terminal: end it with Ctrl-D\n";
    }
    return ExpressionSource{"stdin", {std::istreambuf_iterator<char>(console.in), {}}};
  }
  auto text = read_file(path, kMaxProgramBytes);
  if (!text) return from_error(text.error());
  return ExpressionSource{path, std::move(*text)};
}

Diagnostics ExpressionSource::diagnostics(const std::vector<expression::Problem>& problems) const {
  const SourcePositions positions(std::make_shared<const SourceFile>(name, text), {{0, 0}});
  Diagnostics diagnostics;
  for (const auto& problem : problems) {
    diagnostics.error(positions, problem.offset, problem.length, problem.message, problem.hint);
  }
  return diagnostics;
}

}  // namespace tba::cli
