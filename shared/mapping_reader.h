#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "shared/diagnostic.h"
#include "shared/expression/mapping.h"
#include "shared/yaml_reader.h"

namespace tba {

/// Told of every expression read: what it reads of the context, and where it stands.
using ReferenceSink =
    std::function<void(const expression::Reference& reference, const SourcePositions& where)>;

/// The secret that the text `credential.field` names; nothing where it names none.
std::optional<expression::SecretReference> secret_named(std::string_view text);

/// The data with expressions and secrets that a part of a file stands for. Scalars without an
/// expression are as to_value() has them. Adds expressions that do not compile, keys that hold any,
/// and names of secrets that can be none to the diagnostics; such a part is null in the result.
expression::Mapping read_mapping(const yaml::Node& node, Diagnostics& diagnostics,
                                 const ReferenceSink& references);

}  // namespace tba
