#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace tba::retention {

using Days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;

/// What is kept of the runs of a workflow that have ended; what exceeds one of these goes, the
/// oldest first.
struct RunLimits {
  std::chrono::milliseconds age = Days(90);  ///< Since their end.
  std::uint64_t runs = 100'000;
  std::uint64_t bytes = std::uint64_t{4} << 30;  ///< About, with all that belongs to them.

  bool operator==(const RunLimits&) const = default;
};

/// What the daemon keeps of what is over.
struct Limits {
  RunLimits runs;                              ///< Of each workflow that has none of its own.
  std::map<std::string, RunLimits> workflows;  ///< By name.
  std::uint64_t total_runs = 1'000'000;        ///< Of all workflows.
  std::uint64_t total_bytes = std::uint64_t{16} << 30;  ///< Of the database.
  std::chrono::milliseconds deliveries = Days(30);      ///< That started no run.
  std::chrono::milliseconds delivery_ids = Days(30);    ///< How long one sent again is known.
  std::chrono::milliseconds events = Days(30);          ///< That were emitted.
  std::chrono::milliseconds poll_items = Days(365);     ///< How long an item is known.

  const RunLimits& of(const std::string& workflow) const {
    const auto own = workflows.find(workflow);
    return own == workflows.end() ? runs : own->second;
  }
};

}  // namespace tba::retention
