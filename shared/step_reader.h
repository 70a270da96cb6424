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

  /// The steps under that key of the file. A step that names itself not is called by `ids` and its
  /// place in the list. Ids are unique among all that one reader reads.
  std::vector<Step> read(const Fields& fields, std::string_view key, std::string_view ids);

 private:
  std::vector<Step> read_list(const std::vector<const yaml::Node*>& nodes, const std::string& ids);
  Step read_step(const yaml::Node& node, std::string default_id);
  void note_credential(const Fields& fields, const Step& step);
  void gather_pages(const Fields& fields, Step& step);
  Pages read_pages(const yaml::Node& node, const Step& step, ExpressionPlace place);
  Action read_held(const Fields& fields, const Step& step, ExpressionPlace place);
  Action read_parallel(const Fields& fields, const yaml::Node& node, const Step& step,
                       ExpressionPlace place);
  Action read_for_each(const Fields& fields, const yaml::Node& node, const Step& step,
                       ExpressionPlace place);
  Action read_choose(const Fields& fields, const yaml::Node& node, const Step& step,
                     ExpressionPlace place);
  ChooseBranch read_choice(const Fields& fields, const Step& step, std::size_t number,
                           ExpressionPlace place);
  StepCache read_cache(const yaml::Node& node, ExpressionPlace place);
  void check_needs(const yaml::Node& node, const Step& step, const std::vector<Step>& list);
  void check_circle(const std::vector<const yaml::Node*>& nodes, const std::vector<Step>& list);
  void check_belongings(const Fields& fields);
  void check_effect(const Fields& fields, const Step& step);
  void remember(const Fields& fields, const Step& step);

  Diagnostics& diagnostics() const { return reading_.diagnostics(); }

  std::optional<RetryPolicy> retry_;
  WorkflowReading& reading_;
  int next_number_ = 0;
  int depth_ = 0;
  std::map<std::string, const yaml::Node*> ids_;  // of the steps; null where none is written
};

/// The `timeout` of a workflow or a step.
std::optional<std::chrono::milliseconds> read_timeout(const Fields& fields);

}  // namespace tba
