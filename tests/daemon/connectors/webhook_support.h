#pragma once

#include <string>
#include <utility>
#include <vector>

#include "daemon/vault/credentials.h"
#include "shared/connector_catalog.h"

namespace tba::tests {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// A webhook's secret, as a credential for that auth scheme of the connector.
inline vault::Credential webhook_secret(const std::string& connector, const std::string& scheme,
                                        const std::string& secret) {
  vault::Credential made;
  made.name = "hook";
  made.connector = connector;
  made.scheme = scheme;
  made.type = AuthScheme::Type::webhook_secret;
  made.fields.emplace("secret", vault::Secret(secret));
  return made;
}

/// How a credential of the built-in connector verifies.
inline WebhookVerification built_in(const std::string& connector, const std::string& scheme) {
  return *built_in_connectors().find(connector)->webhook->verification_by(scheme);
}

}  // namespace tba::tests
