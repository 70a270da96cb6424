#pragma once

#include <vector>

#include "shared/auth_scheme.h"
#include "shared/import/description.h"

namespace tba::importing {

/// The auth schemes of an API. Where one logs in by OAuth 2 or OpenID Connect, a token that comes
/// from elsewhere can be used as bearer; that and what cannot be used are noted as unsupported.
std::vector<AuthScheme> auth_schemes_of(Description& description);

}  // namespace tba::importing
