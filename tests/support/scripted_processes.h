#pragma once

#include <string>
#include <utility>
#include <vector>

#include "daemon/steps/process.h"

namespace tba::tests {

/// Runs no program: each ends as the test says, after the lines that the test says.
class ScriptedProcesses final : public steps::ProcessRunner {
 public:
  boost::asio::awaitable<Result<steps::ProcessResult>> run(steps::ProcessRequest request,
                                                           steps::LineHandler on_line) override {
    requests.push_back(std::move(request));
    for (const auto& [is_stderr, line] : lines) on_line(is_stderr, line);
    co_return result;
  }

  Result<steps::ProcessResult> result;
  std::vector<std::pair<bool, std::string>> lines;  ///< Whether on stderr, and the line.
  std::vector<steps::ProcessRequest> requests;
};

}  // namespace tba::tests
