#pragma once

#include <cstdint>
#include <optional>

#include "shared/diagnostic.h"
#include "shared/value/value.h"
#include "shared/yaml_reader.h"

namespace tba {

/// What a scalar says by YAML's core schema; nothing where it is of another type, quoted, or no
/// scalar. Integers are decimal and of 64 bits; numbers are neither infinite nor not-a-number,
/// which no JSON has.
std::optional<bool> as_boolean(const yaml::Node& node);
std::optional<std::int64_t> as_integer(const yaml::Node& node);
std::optional<double> as_number(const yaml::Node& node);

/// The data that a part of a file stands for, by YAML's core schema: null, true, false, integers,
/// numbers, else text. Adds integers beyond 64 bits to the diagnostics, as null.
Value to_value(const yaml::Node& node, Diagnostics& diagnostics);

}  // namespace tba
