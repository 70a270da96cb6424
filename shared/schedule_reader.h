#pragma once

#include <optional>

#include "shared/key_table.h"
#include "shared/workflow.h"

namespace tba {

/// Reads the mapping of a `schedule` trigger. Nothing where it says no slots that could be read;
/// that is in the diagnostics then.
std::optional<ScheduleTrigger> read_schedule_trigger(const Fields& fields);

}  // namespace tba
