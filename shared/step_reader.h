#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/key_table.h"
#include "shared/workflow_reading.h"

namespace tba {

/// Reads the steps of a workflow file.
class StepReader {
 public:
  /// `retry` is the policy of steps that have none of their own. `reading` must outlive the reader.
  StepReader(std::optional<RetryPolicy> retry, WorkflowReading& reading)
      : retry_(retry), reading_(reading) {}

  /// The steps under that key of the file. Their ids are unique among all that one reader reads.
  std::vector<Step> read(const Fields& fields, std::string_view list, ExpressionPlace::Part part);

 private:
  Step read_step(const yaml::Node& node, ExpressionPlace place);
  expression::Mapping read_condition(const yaml::Node& node, ExpressionPlace place);
  void check_condition(const yaml::Node& node, const expression::Mapping& condition,
                       std::size_t first_use);
  void check_belongings(const Fields& fields);
  void check_effect(const Fields& fields, const Step& step);
  void remember(const Fields& fields, const Step& step);

  Diagnostics& diagnostics() const { return reading_.diagnostics(); }

  std::optional<RetryPolicy> retry_;
  WorkflowReading& reading_;
  std::map<std::string, const yaml::Node*> ids_;  // of the steps; null where none is written
};

/// The `timeout` of a workflow or a step.
std::optional<std::chrono::milliseconds> read_timeout(const Fields& fields);

}  // namespace tba
