#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/error.h"

namespace tba::cli {

/// How a program ended, and what it wrote.
struct ChildOutput {
  int exit_code = 0;  ///< 128 and the signal's number where one ended it, as in shells.
  std::string out;    ///< Its standard output.
};

/// Runs a program to its end, with nothing on its standard input and our own standard error.
Outcome<ChildOutput> run_child(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments);

}  // namespace tba::cli
