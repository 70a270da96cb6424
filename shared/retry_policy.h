#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/expression/mapping.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// What a failed call may be tried again for, and how long to wait. `retry` of a connector, a
/// workflow or a step.
struct RetryPolicy {
  int attempts = 1;  ///< In all, the first included.
  std::chrono::milliseconds initial{1000};
  std::chrono::milliseconds max{60'000};
  double factor = 2;
  bool jitter = true;
  bool on_network = true;                               ///< No answer: refused, reset, DNS, TLS.
  bool on_timeout = true;                               ///< No answer in time.
  std::vector<int> on_statuses = {429, 502, 503, 504};  ///< 5 stands for 5xx, 4 for 4xx.
  /// Conditions, of which one must hold where nothing above does; of workflows and steps.
  std::vector<expression::Mapping> on_expressions = {};
};

/// The keys of `retry`, in connectors; in workflows and steps, where `on` may hold expressions.
extern const KeyTable kRetryTable;
extern const KeyTable kStepRetryTable;

/// The policy that a `retry` says; what it does not say is as in RetryPolicy, but for three
/// attempts. `table` is one of those above; `read_expression` is given each reason that holds an
/// expression, where there may be any.
RetryPolicy read_retry(
    const yaml::Node& node, const KeyTable& table, Diagnostics& diagnostics,
    const std::function<expression::Mapping(const yaml::Node&)>& read_expression = {});

}  // namespace tba
