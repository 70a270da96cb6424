#include "daemon/connectors/parameter_values.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/value/json.h"

namespace tba::connectors {
namespace {

bool is_in_body(const Parameter& parameter) {
  return parameter.place == ParameterPlace::body || parameter.place == ParameterPlace::whole_body;
}

/// The value given for it, or its default; null where it has neither.
const Value* value_for(const Endpoint& endpoint, const Parameter& parameter, const Value& given) {
  const bool takes_null = is_in_body(parameter) && endpoint.body == BodyFormat::json &&
                          parameter.type() == ValueType::any;
  const auto* value = given.find(parameter.name);
  if (value && value->is_null() && !takes_null) value = nullptr;
  if (!value && parameter.default_value) value = &*parameter.default_value;
  return value;
}

}  // namespace

Error call_error(const Connector& connector, const Endpoint& endpoint, std::string_view message,
                 std::string hint) {
  return {ErrorCode::invalid, fmt::format("{}/{}: {}", connector.name, endpoint.id, message),
          std::move(hint)};
}

Error parameter_error(const Connector& connector, const Endpoint& endpoint, std::string_view name,
                      std::string_view problem, std::string hint) {
  return call_error(connector, endpoint, fmt::format("parameter '{}' {}", name, problem),
                    std::move(hint));
}

Result<std::vector<ParameterValue>> parameter_values(const Connector& connector,
                                                     const Endpoint& endpoint, const Value& given) {
  if (!given.is_object() && !given.is_null()) {
    return call_error(connector, endpoint,
                      fmt::format("'with' must be an object, not of type {}", type_name(given)));
  }
  const auto& known = endpoint.parameters;
  for (const auto& member : given.members()) {
    if (std::ranges::find(known, member.name, &Parameter::name) != known.end()) continue;
    std::vector<std::string_view> names;
    for (const auto& parameter : known) names.push_back(parameter.name);
    return call_error(
        connector, endpoint, fmt::format("there is no parameter '{}'", member.name),
        names.empty() ? "it takes none" : fmt::format("it takes: {}", fmt::join(names, ", ")));
  }
  std::vector<ParameterValue> values;
  for (const auto& parameter : known) {
    const auto* value = value_for(endpoint, parameter, given);
    if (!value && !parameter.required) continue;
    if (!value) {
      return parameter_error(connector, endpoint, parameter.name, "is missing",
                             fmt::format("it is of type {}", name_of(parameter.type())));
    }
    if (auto found = misfit(parameter, *value)) {
      return parameter_error(connector, endpoint, parameter.name + found->path, found->problem,
                             std::move(found->hint));
    }
    values.emplace_back(&parameter, value);
  }
  return values;
}

}  // namespace tba::connectors
