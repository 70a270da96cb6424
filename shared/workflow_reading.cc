#include "shared/workflow_reading.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/connector_catalog.h"
#include "shared/mapping_reader.h"
#include "shared/suggestion.h"

namespace tba {

std::shared_ptr<const Connector> WorkflowReading::find_connector(const yaml::Node& node,
                                                                 std::size_t offset,
                                                                 const std::string& name) const {
  auto connector = catalog()->find(name);
  if (!connector) {
    diagnostics_.error(
        node.where, offset, name.size(),
        fmt::format("there is no connector '{}'{}", name, did_you_mean(name, catalog()->names())),
        "known are: " + listed(catalog()->names()));
  }
  return connector;
}

expression::Mapping WorkflowReading::read_data(const yaml::Node& node, ExpressionPlace place) {
  return read_mapping(node, diagnostics_,
                      [&](const expression::Reference& reference, const SourcePositions& where) {
                        uses_.push_back({reference, where, place});
                      });
}

void WorkflowReading::note_secrets(const yaml::Node& node, const OutsideName& recipient) {
  if (const auto reference = node.is_secret ? secret_named(node.text) : std::nullopt) {
    auto name = recipient;
    name.kind = OutsideName::Kind::secret;
    name.name = reference->credential;
    name.field = reference->field;
    name.where = node.where;
    note(std::move(name));
  }
  for (const auto& item : node.items) note_secrets(*item, recipient);
  for (const auto& member : node.members) note_secrets(*member.value, recipient);
}

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace tba
