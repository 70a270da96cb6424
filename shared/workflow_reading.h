#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/expression/mapping.h"
#include "shared/workflow.h"
#include "shared/workflow_references.h"
#include "shared/yaml_reader.h"

namespace tba {

/// One reading of a workflow file, as the readers of its parts share it.
class WorkflowReading {
 public:
  /// Both must outlive it.
  WorkflowReading(const WorkflowSurroundings& surroundings, Diagnostics& diagnostics)
      : surroundings_(surroundings), diagnostics_(diagnostics) {}

  const WorkflowSurroundings& surroundings() const { return surroundings_; }
  Diagnostics& diagnostics() const { return diagnostics_; }

  /// The connectors that there are; null where they are not checked.
  const ConnectorCatalog* catalog() const { return surroundings_.catalog; }

  /// The connector of that name, which stands at that byte of the node's text; null, and a
  /// diagnostic, where there is none. Requires: catalog().
  std::shared_ptr<const Connector> find_connector(const yaml::Node& node, std::size_t offset,
                                                  const std::string& name) const;

  /// Data with expressions. What they read is remembered in uses().
  expression::Mapping read_data(const yaml::Node& node, ExpressionPlace place);

  /// The program of a scalar that is exactly one expression, `${{ … }}`; else empty.
  static std::string_view program_in(const yaml::Node& node);

  /// The use that is all that a scalar consists of, `${{ path }}`; null where it is anything else.
  /// Valid until more is read.
  ContextUse* whole_use(const yaml::Node& node);

  /// Notes something that the workflow names.
  void note(OutsideName name) { outside_names_.push_back(std::move(name)); }

  /// Notes the secrets in the node. `recipient` says to whom they are given, as far as that is
  /// known: an OutsideName's connector or URL.
  void note_secrets(const yaml::Node& node, const OutsideName& recipient);

  /// What was noted, in that order.
  std::vector<OutsideName>& outside_names() { return outside_names_; }

  /// What the expressions read so far refer to, in the order of reading.
  std::vector<ContextUse>& uses() { return uses_; }

 private:
  const WorkflowSurroundings& surroundings_;
  Diagnostics& diagnostics_;
  std::vector<ContextUse> uses_;
  std::vector<OutsideName> outside_names_;
};

/// "a, b, c": what there is to choose from, for a hint.
std::string listed(const std::vector<std::string>& names);

}  // namespace tba
