#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/connector.h"

namespace tba {

/// Connectors by name. Cheap enough to copy when one of them changes. Those that are part of the
/// program are read when they are asked for, and once.
class ConnectorCatalog {
 public:
  /// Adds the connector, in the place of one of the same name.
  void put(std::shared_ptr<const Connector> connector);

  /// Takes the connector of that name out, if there is one.
  void remove(const std::string& name) { entries_.erase(name); }

  /// Null if there is none. May be called from any thread while nobody changes it.
  std::shared_ptr<const Connector> find(std::string_view name) const;

  /// Sorted.
  std::vector<std::string> names() const;

 private:
  friend ConnectorCatalog built_in_connectors();
  class BuiltIn;

  struct Entry {
    std::shared_ptr<const Connector> connector;  // null: a built-in one
    BuiltIn* built_in = nullptr;
  };

  std::map<std::string, Entry, std::less<>> entries_;
};

/// A catalog of the connectors that are part of the program.
ConnectorCatalog built_in_connectors();

}  // namespace tba
