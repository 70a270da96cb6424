#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/workflow.h"

namespace tba {

/// A slot of one of a workflow's schedules, as it will be.
struct PreviewedSlot {
  std::size_t trigger = 0;  ///< Its place among the workflow's triggers.
  Instant slot;
  Oddity oddity = Oddity::none;
  bool fires = true;  ///< False where on_gap or on_overlap leave it out.
  Instant due_at;     ///< When it fires: the jitter later.
};

struct SchedulePreview {
  std::vector<PreviewedSlot> slots;  ///< In order of time.
  bool has_more = false;             ///< `end` was not reached.
};

/// The slots of all schedules of a workflow from `from` on and before `end`, as far as the first
/// `count` of them that fire.
SchedulePreview preview_schedules(const Workflow& workflow, Instant from, Instant end,
                                  std::size_t count);

}  // namespace tba
