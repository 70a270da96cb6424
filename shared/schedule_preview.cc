#include "shared/schedule_preview.h"

#include <algorithm>
#include <variant>

namespace tba {
namespace {

constexpr Duration kTick{1};

/// The schedule with nothing left out.
Schedule with_all_slots(const Schedule& schedule) {
  const auto* cron = std::get_if<CronSchedule>(&schedule);
  if (cron == nullptr) return schedule;
  auto all = *cron;
  all.on_gap = OnGap::next;
  all.on_overlap = OnOverlap::both;
  return all;
}

/// What one schedule has in that span, up to one slot more than `count` that fire.
std::vector<PreviewedSlot> slots_of(const ScheduleTrigger& trigger, const std::string& workflow,
                                    Instant from, Instant end, std::size_t count) {
  const auto key = schedule_key(workflow, trigger.schedule);
  const auto all = with_all_slots(trigger.schedule);
  std::vector<PreviewedSlot> slots;
  std::size_t firing = 0;
  for (auto at = next_after(all, from - kTick); at && *at < end && firing <= count;
       at = next_after(all, *at)) {
    PreviewedSlot slot;
    slot.slot = *at;
    slot.oddity = oddity_of(all, *at);
    slot.fires = next_after(trigger.schedule, *at - kTick) == *at;
    slot.due_at = *at + jitter_of(key, *at, trigger.jitter);
    if (slot.fires) ++firing;
    slots.push_back(slot);
  }
  return slots;
}

}  // namespace

SchedulePreview preview_schedules(const Workflow& workflow, Instant from, Instant end,
                                  std::size_t count) {
  SchedulePreview preview;
  for (std::size_t index = 0; index < workflow.triggers.size(); ++index) {
    const auto* trigger = std::get_if<ScheduleTrigger>(&workflow.triggers[index]);
    if (trigger == nullptr) continue;
    for (auto& slot : slots_of(*trigger, workflow.name, from, end, count)) {
      slot.trigger = index;
      preview.slots.push_back(slot);
    }
  }
  std::ranges::stable_sort(preview.slots, {}, &PreviewedSlot::slot);
  std::size_t firing = 0;
  const auto first_too_many = std::ranges::find_if(
      preview.slots, [&](const PreviewedSlot& slot) { return slot.fires && ++firing > count; });
  preview.has_more = first_too_many != preview.slots.end();
  preview.slots.erase(first_too_many, preview.slots.end());
  return preview;
}

}  // namespace tba
