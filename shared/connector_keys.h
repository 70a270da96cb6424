#pragma once

#include <array>
#include <string_view>

#include "shared/connector.h"
#include "shared/key_table.h"

namespace tba {

/// The keys of a connector file.
extern const KeyTable kConnectorTable;

/// The keys of `retry`, in connectors, workflows and steps.
extern const KeyTable kRetryTable;

/// The names of the value types, for tables.
inline constexpr std::array<std::string_view, 7> kValueTypeNames{
    "any", "string", "integer", "number", "boolean", "array", "object"};

/// The policy that a `retry` says; what it does not say is as in RetryPolicy, but for three
/// attempts.
RetryPolicy read_retry(const yaml::Node& node, Diagnostics& diagnostics);

}  // namespace tba
