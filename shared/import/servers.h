#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/import/description.h"

namespace tba::importing {

/// The base URL that a part says in `servers`: the first of them, the defaults of its variables put
/// in, a relative one taken from `from` (RFC 3986 section 5), which may be empty. Nothing where the
/// part has no servers, or no base URL can be made of it, which is noted as unsupported.
std::optional<std::string> base_url_of_servers(Description& description, const Value& part,
                                               std::string_view from);

/// The base URL of the API. Of Swagger what `schemes`, `host` and `basePath` make; what is missing
/// is taken from `from`.
std::optional<std::string> base_url_of(Description& description, std::string_view from);

}  // namespace tba::importing
