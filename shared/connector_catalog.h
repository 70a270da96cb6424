#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/connector.h"

namespace tba {

/// Connectors by name. Cheap enough to copy when one of them changes.
class ConnectorCatalog {
 public:
  /// Adds the connector, in the place of one of the same name.
  void put(std::shared_ptr<const Connector> connector);

  /// Null if there is none.
  std::shared_ptr<const Connector> find(std::string_view name) const;

  /// Sorted.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, std::shared_ptr<const Connector>, std::less<>> connectors_;
};

/// A catalog of the connectors that are part of the program.
ConnectorCatalog built_in_connectors();

}  // namespace tba
