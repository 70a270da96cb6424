#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/connector.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// A parameter that has a value, and that.
using ParameterValue = std::pair<const Parameter*, const Value*>;

/// What a call of `endpoint` gives: each parameter that is given or has a default, in the order of
/// the endpoint. A parameter that is null counts as not given, unless it goes into a body of JSON
/// and its type is `any`. What is given refers to the arguments. Errors (`invalid`): `given` is
/// neither an object nor null; a parameter that is unknown, missing, of another type or none of its
/// choices.
Result<std::vector<ParameterValue>> parameter_values(const Connector& connector,
                                                     const Endpoint& endpoint, const Value& given);

/// An error (`invalid`) about a call of that endpoint.
Error call_error(const Connector& connector, const Endpoint& endpoint, std::string_view message,
                 std::string hint = {});

/// An error (`invalid`) about a parameter of that endpoint.
Error parameter_error(const Connector& connector, const Endpoint& endpoint, std::string_view name,
                      std::string_view problem, std::string hint = {});

}  // namespace tba::connectors
