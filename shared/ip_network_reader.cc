#include "shared/ip_network_reader.h"

namespace tba {

std::vector<IpNetwork> read_networks(const Fields& fields, std::string_view key) {
  std::vector<IpNetwork> networks;
  const auto read = [&](const yaml::Node& node) {
    const auto network = IpNetwork::parse(node.text);
    if (network) {
      networks.push_back(*network);
    } else {
      node.error(fields.diagnostics(), network.error().message, network.error().hint);
    }
  };
  const auto* node = fields.find(key);
  if (node == nullptr) return networks;
  if (node->kind == yaml::Node::Kind::scalar) read(*node);
  for (const auto& item : node->items) read(*item);
  return networks;
}

}  // namespace tba
