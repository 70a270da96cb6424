#pragma once

#include <utility>
#include <vector>

#include "daemon/plugins/call.h"

namespace tba::tests {

/// Starts no program: each call of a plugin ends as the test says.
class ScriptedPlugins final : public plugins::Caller {
 public:
  boost::asio::awaitable<engine::AttemptOutcome> call(plugins::Call call) override {
    calls.push_back(std::move(call));
    co_return outcome;
  }

  engine::AttemptOutcome outcome;
  std::vector<plugins::Call> calls;
};

}  // namespace tba::tests
