#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/error.h"
#include "cli/json.h"

namespace tba::cli {

/// The object that `key=value` arguments make. `declared` is an API list of what may be given, each
/// with `name` and `type`: a value for a string is taken as it is, any other must be JSON of that
/// type ("10", "true", "[1, 2]"); for the type `any` text that is no JSON is a string. `what` is
/// what such a value is called in messages: "input", "parameter". All wrong ones are told at once.
Outcome<Json> typed_values(const std::vector<std::string>& assignments, const Json& declared,
                           std::string_view what);

}  // namespace tba::cli
