#include "shared/connector_catalog.h"

#include <stdexcept>
#include <utility>

#include "shared/connector_reader.h"
#include "shared/embedded_file.h"

namespace tba {

void ConnectorCatalog::put(std::shared_ptr<const Connector> connector) {
  auto name = connector->name;
  connectors_.insert_or_assign(std::move(name), std::move(connector));
}

std::shared_ptr<const Connector> ConnectorCatalog::find(std::string_view name) const {
  const auto found = connectors_.find(name);
  return found != connectors_.end() ? found->second : nullptr;
}

std::vector<std::string> ConnectorCatalog::names() const {
  std::vector<std::string> names;
  names.reserve(connectors_.size());
  for (const auto& [name, connector] : connectors_) names.push_back(name);
  return names;
}

ConnectorCatalog built_in_connectors() {
  ConnectorCatalog catalog;
  for (const auto& file : kConnectorFiles) {
    Diagnostics diagnostics;
    auto connector =
        read_connector("built-in " + std::string(file.name), std::string(file.text), diagnostics);
    if (!connector) throw std::logic_error(diagnostics.render());
    catalog.put(std::make_shared<const Connector>(*std::move(connector)));
  }
  return catalog;
}

}  // namespace tba
