#include "shared/workflow_reading.h"

#include <algorithm>

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

std::string_view WorkflowReading::program_in(const yaml::Node& node) {
  const std::string_view text = node.text;
  const bool is_one = text.starts_with("${{") && text.ends_with("}}") &&
                      text.find("${{", 3) == std::string_view::npos;
  return is_one ? text.substr(3, text.size() - 5) : std::string_view();
}

ContextUse* WorkflowReading::whole_use(const yaml::Node& node) {
  const auto program = program_in(node);
  const auto begin = program.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return nullptr;
  const auto length = program.find_last_not_of(" \t\n") + 1 - begin;
  const auto offset = begin + 3;
  const auto place = node.where.place(offset);
  // It was read a moment ago.
  for (auto use = uses_.rbegin(); use != uses_.rend(); ++use) {
    if (use->reference.offset == offset && use->reference.length == length &&
        use->where.place(offset) == place)
      return &*use;
  }
  return nullptr;
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
