#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/engine/definition.h"
#include "daemon/engine/run_state.h"
#include "shared/expression/mapping.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// A run that something starts by itself: its inputs are their defaults. `trigger` is `.trigger`.
engine::Start new_start(std::shared_ptr<const engine::Definition> definition, std::string_view kind,
                        Value trigger, UuidGenerator& ids);

/// What the expressions of a trigger read: `.trigger`, `.inputs` (their defaults), `.workflow` and
/// `.vars`.
expression::Context context_of_trigger(const Workflow& workflow, Value trigger, const Value& vars);

/// Why a trigger does not take what came, as a phrase ("`match` gave false"), or nothing where it
/// does. A `match` that cannot be evaluated takes nothing.
std::optional<std::string> why_unmatched(const std::optional<expression::Mapping>& match,
                                         const expression::Context& context,
                                         const expression::Budget& budget);

}  // namespace tba::triggers
