#pragma once

#include "daemon/connectors/authentication.h"
#include "daemon/vault/credentials.h"
#include "shared/error.h"

namespace tba::auth {

/// Tries a credential that is to be stored on requests that are not sent: whether its keys can
/// sign, its certificate has the right key, its secret is in the encoding that it should be, and
/// its names and URLs can be sent. Fields that are missing are not its concern:
/// vault::Credentials::set() says so. The errors (`invalid`) show nothing of a secret.
Result<> check_usable(const vault::NewCredential& credential, const connectors::Moment& moment);

}  // namespace tba::auth
