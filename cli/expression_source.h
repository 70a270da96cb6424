#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/error.h"
#include "shared/diagnostic.h"
#include "shared/expression/program.h"

namespace tba::cli {

/// The largest program that is read from a file.
inline constexpr std::size_t kMaxProgramBytes = std::size_t{1} << 20;

/// A jq program and what messages call it: a file's path, or "expression".
struct ExpressionSource {
  std::string name;
  std::string text;

  /// The program in a file; "-" is standard input. A first line that begins with "#!" stays: to jq
  /// it is a comment.
  static Outcome<ExpressionSource> read(const std::string& path, Console& console);

  /// The problems, with the lines that they stand in.
  Diagnostics diagnostics(const std::vector<expression::Problem>& problems) const;
};

}  // namespace tba::cli
