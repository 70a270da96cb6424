#pragma once

#include <string>
#include <string_view>

#include "cli/error.h"
#include "cli/json.h"

namespace tba::cli {

/// The endpoint of that id in the API's record of a connector; not_found, with the nearest id,
/// where there is none.
Outcome<Json> find_endpoint(const Json& connector, std::string_view id);

/// The authentication scheme of that name in the API's record of a connector; with an empty name
/// the only one that there is. usage, naming what there is, where that does not decide.
Outcome<Json> find_scheme(const Json& connector, std::string_view name);

}  // namespace tba::cli
