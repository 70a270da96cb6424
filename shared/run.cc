#include "shared/run.h"

#include <array>
#include <utility>

namespace tba {
namespace {

template <class Enum>
using Name = std::pair<Enum, std::string_view>;

constexpr std::array<Name<RunStatus>, 8> kRunStatuses{{
    {RunStatus::queued, "queued"},
    {RunStatus::running, "running"},
    {RunStatus::waiting, "waiting"},
    {RunStatus::succeeded, "succeeded"},
    {RunStatus::failed, "failed"},
    {RunStatus::cancelled, "cancelled"},
    {RunStatus::interrupted, "interrupted"},
    {RunStatus::skipped, "skipped"},
}};

constexpr std::array<Name<StepStatus>, 7> kStepStatuses{{
    {StepStatus::running, "running"},
    {StepStatus::waiting, "waiting"},
    {StepStatus::succeeded, "succeeded"},
    {StepStatus::failed, "failed"},
    {StepStatus::cancelled, "cancelled"},
    {StepStatus::interrupted, "interrupted"},
    {StepStatus::skipped, "skipped"},
}};

constexpr std::array<Name<RunPhase>, 4> kPhases{{
    {RunPhase::steps, "steps"},
    {RunPhase::on_success, "on_success"},
    {RunPhase::on_failure, "on_failure"},
    {RunPhase::finally, "finally"},
}};

constexpr std::array<Name<Effect>, 3> kEffects{{
    {Effect::repeat, "repeat"},
    {Effect::keyed, "keyed"},
    {Effect::once, "once"},
}};

template <class Table, class Enum>
std::string_view name_in(const Table& table, Enum wanted) {
  for (const auto& [value, name] : table) {
    if (value == wanted) return name;
  }
  return "unknown";
}

template <class Enum, std::size_t Size>
std::optional<Enum> value_in(const std::array<Name<Enum>, Size>& table, std::string_view wanted) {
  for (const auto& [value, name] : table) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(RunStatus status) {
  return name_in(kRunStatuses, status);
}
std::string_view name_of(StepStatus status) {
  return name_in(kStepStatuses, status);
}
std::string_view name_of(RunPhase phase) {
  return name_in(kPhases, phase);
}
std::string_view name_of(Effect effect) {
  return name_in(kEffects, effect);
}

std::optional<RunStatus> run_status_named(std::string_view name) {
  return value_in(kRunStatuses, name);
}
std::optional<Effect> effect_named(std::string_view name) {
  return value_in(kEffects, name);
}

bool is_final(RunStatus status) {
  return status == RunStatus::succeeded || status == RunStatus::failed ||
         status == RunStatus::cancelled || status == RunStatus::skipped;
}

bool is_final(StepStatus status) {
  return status == StepStatus::succeeded || status == StepStatus::failed ||
         status == StepStatus::cancelled || status == StepStatus::skipped;
}

}  // namespace tba
