#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/json.h"

namespace tba::cli {

/// The member as text for a person: strings as they are, anything else as JSON; empty where it is
/// missing or null, or where the value is no object.
std::string text_of(const Json& object, std::string_view key);

/// The member as a number; nothing where it is none.
std::optional<double> number_of(const Json& object, std::string_view key);

/// The member, or null where there is none. Valid as long as `object`.
const Json& member_of(const Json& object, std::string_view key);

/// The strings of a list, or whatever stands there as JSON, separated by `separator`.
std::string joined(const Json& list, std::string_view separator);

}  // namespace tba::cli
