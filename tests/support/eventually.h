#pragma once

#include <chrono>
#include <thread>

namespace tba::tests {

/// Whether `condition` comes to hold within 30 s; for what another process does and tells nobody.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace tba::tests
