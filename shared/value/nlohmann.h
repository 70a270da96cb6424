#pragma once

#include <nlohmann/json_fwd.hpp>

#include "shared/value/value.h"

namespace tba {

/// The same JSON value. nlohmann's objects are sorted by name: the order of members is lost on the
/// way to it. Numbers beyond 64 bits signed become doubles; binary values and discarded ones null.
Value from_nlohmann(const nlohmann::json& json);
nlohmann::json to_nlohmann(const Value& value);

}  // namespace tba
