#pragma once

#include <functional>

#include "shared/diagnostic.h"
#include "shared/expression/mapping.h"
#include "shared/yaml_reader.h"

namespace tba {

/// Told of every expression read: what it reads of the context, and where it stands.
using ReferenceSink =
    std::function<void(const expression::Reference& reference, const SourcePositions& where)>;

/// The data with expressions that a part of a file stands for. Scalars without an expression are as
/// to_value() has them. Adds expressions that do not compile, and keys that hold any, to the
/// diagnostics; such a part is null in the result.
expression::Mapping read_mapping(const yaml::Node& node, Diagnostics& diagnostics,
                                 const ReferenceSink& references);

}  // namespace tba
