#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/auth/token_request.h"
#include "daemon/vault/credentials.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/oauth2_scheme.h"

namespace tba::auth {

/// Gives the connector of a name as it is now; null where there is none.
using ConnectorLookup = std::function<std::shared_ptr<const Connector>(const std::string& name)>;

/// An oauth2 credential and what describes it, held together. Nothing of it is null.
struct Subject {
  std::shared_ptr<const vault::Credential> credential;
  std::shared_ptr<const Connector> connector;
  const OAuth2Scheme* scheme;  ///< Of the connector.

  Client client() const { return {*connector, *scheme, *credential}; }
};

/// The credential of that name, be it that it waits for a login. Errors: `not_found`; `invalid`
/// where it cannot be opened, is of another type, or its scheme has gone or changed.
Result<Subject> subject_of(const std::string& name, const vault::Credentials& credentials,
                           const ConnectorLookup& connector_of);

}  // namespace tba::auth
