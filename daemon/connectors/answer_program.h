#pragma once

#include <optional>

#include <boost/system/result.hpp>

#include "shared/expression/program.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// The only output of a program of a connector over an answer `{status, headers, body}` or a
/// request of a webhook; null where it has none. A problem where it has several.
boost::system::result<Value, expression::Problem> evaluate(
    const expression::Program& program, const Value& answer,
    const expression::Surroundings& surroundings = expression::Surroundings::standard());

/// The same; null also where there is no program, or it cannot be evaluated.
Value value_or_null(
    const std::optional<expression::Program>& program, const Value& answer,
    const expression::Surroundings& surroundings = expression::Surroundings::standard());

/// Whether the program is there and gives true.
bool holds(const std::optional<expression::Program>& program, const Value& answer,
           const expression::Surroundings& surroundings = expression::Surroundings::standard());

}  // namespace tba::connectors
