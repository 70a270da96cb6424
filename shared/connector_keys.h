#pragma once

#include <array>
#include <functional>
#include <string_view>

#include "shared/connector.h"
#include "shared/key_table.h"

namespace tba {

/// The keys of a connector file.
extern const KeyTable kConnectorTable;

/// The keys of `retry`, in connectors; in workflows and steps, where `on` may hold expressions.
extern const KeyTable kRetryTable;
extern const KeyTable kStepRetryTable;

/// The names of the value types, for tables.
inline constexpr std::array<std::string_view, 7> kValueTypeNames{
    "any", "string", "integer", "number", "boolean", "array", "object"};

/// The policy that a `retry` says; what it does not say is as in RetryPolicy, but for three
/// attempts. `table` is one of those above; `read_expression` is given each reason that holds an
/// expression, where there may be any.
RetryPolicy read_retry(
    const yaml::Node& node, const KeyTable& table, Diagnostics& diagnostics,
    const std::function<expression::Mapping(const yaml::Node&)>& read_expression = {});

}  // namespace tba
