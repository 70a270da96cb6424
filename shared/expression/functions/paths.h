#pragma once

#include <span>

#include "shared/expression/functions.h"

// Paths: arrays of keys, as jq's getpath, setpath and delpaths take them. A key is a name, a number
// or a slice written as an object. None of these recurses with the length of a path.

namespace tba::expression::detail {

/// What the path leads to. Null has every path.
Outcome value_at(Value target, std::span<const Value> path);

/// The target with that value at the end of the path; what is missing on the way is made. Where
/// nobody else holds the parts on the way, they change in place.
Outcome with_value_at(Value target, std::span<const Value> path, Value value, Resources& resources);

/// The target without what the paths lead to; each means a place in the target as it was.
Outcome without_values_at(Value target, const Value& paths, Resources& resources);

}  // namespace tba::expression::detail
