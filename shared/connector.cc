#include "shared/connector.h"

#include <algorithm>

namespace tba {

const Endpoint* Connector::endpoint(std::string_view id) const {
  const auto found = std::find_if(endpoints.begin(), endpoints.end(),
                                  [&](const Endpoint& each) { return each.id == id; });
  return found != endpoints.end() ? &*found : nullptr;
}

const AuthScheme* Connector::scheme(std::string_view wanted) const {
  const auto found = std::find_if(auth.begin(), auth.end(),
                                  [&](const AuthScheme& each) { return each.name == wanted; });
  return found != auth.end() ? &*found : nullptr;
}

bool Connector::takes_keys(std::string_view endpoint_id) const {
  if (!plugin) return !idempotency.header.empty();
  const auto* called = endpoint(endpoint_id);
  return called != nullptr && called->effect == Effect::keyed;
}

}  // namespace tba
