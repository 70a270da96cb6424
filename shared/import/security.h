#pragma once

#include <vector>

#include "shared/auth_scheme.h"
#include "shared/import/description.h"
#include "shared/import/scopes.h"

namespace tba::importing {

/// The auth schemes of an API. Where one logs in by OAuth 2 or OpenID Connect, a token that comes
/// from elsewhere can be used as bearer; that and what cannot be used are noted as unsupported. A
/// login asks for what `needs` says.
std::vector<AuthScheme> auth_schemes_of(Description& description, const ScopeNeeds& needs);

}  // namespace tba::importing
