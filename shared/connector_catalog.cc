#include "shared/connector_catalog.h"

#include <mutex>
#include <stdexcept>
#include <utility>

#include "shared/connector_reader.h"
#include "shared/embedded_file.h"

namespace tba {

/// A connector that is part of the program; lives as long as that does.
class ConnectorCatalog::BuiltIn {
 public:
  explicit BuiltIn(const EmbeddedFile& file) : file_(file) {}

  /// As its file is called.
  std::string name() const { return std::string(file_.name.substr(0, file_.name.find('.'))); }

  std::shared_ptr<const Connector> connector() {
    std::call_once(read_, [this] { connector_ = read(); });
    return connector_;
  }

 private:
  std::shared_ptr<const Connector> read() const {
    Diagnostics diagnostics;
    auto connector =
        read_connector("built-in " + std::string(file_.name), std::string(file_.text), diagnostics);
    if (!connector) throw std::logic_error(diagnostics.render());
    if (connector->name != name())
      throw std::logic_error("built-in " + std::string(file_.name) + " has another name");
    return std::make_shared<const Connector>(*std::move(connector));
  }

  const EmbeddedFile& file_;
  std::once_flag read_;
  std::shared_ptr<const Connector> connector_;
};

void ConnectorCatalog::put(std::shared_ptr<const Connector> connector) {
  auto name = connector->name;
  entries_.insert_or_assign(std::move(name), Entry{std::move(connector)});
}

std::shared_ptr<const Connector> ConnectorCatalog::find(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  const auto& [connector, built_in] = found->second;
  return built_in ? built_in->connector() : connector;
}

std::vector<std::string> ConnectorCatalog::names() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

ConnectorCatalog built_in_connectors() {
  using BuiltIn = ConnectorCatalog::BuiltIn;
  static const auto built_in = [] {
    std::vector<std::unique_ptr<BuiltIn>> made;
    for (const auto& file : kConnectorFiles) made.push_back(std::make_unique<BuiltIn>(file));
    return made;
  }();
  ConnectorCatalog catalog;
  for (const auto& each : built_in) catalog.entries_[each->name()].built_in = each.get();
  return catalog;
}

}  // namespace tba
