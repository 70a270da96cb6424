#include "shared/step_order.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace tba {
namespace {

bool is_loop(const Step& step) {
  return std::holds_alternative<ForEachStep>(step.action);
}

std::string why_not_in_phase(RunPhase reader, RunPhase read) {
  if (reader == read || read == RunPhase::steps) return "";
  if (reader == RunPhase::finally) return "";
  return fmt::format("is only there in {}{}", name_of(read),
                     read == RunPhase::finally ? "" : " and in finally");
}

}  // namespace

StepOrder::StepOrder(const Workflow& workflow) {
  places_.resize(workflow.all_steps().size());
  for (const auto phase :
       {RunPhase::steps, RunPhase::on_failure, RunPhase::on_success, RunPhase::finally}) {
    learn(workflow.list_of(phase), phase, -1);
  }
}

void StepOrder::learn(const std::vector<Step>& list, RunPhase phase, int container) {
  for (const auto& step : list) {
    places_[static_cast<std::size_t>(step.number)] = {&step, container, &list, phase};
    for (const auto* held : lists_of(step)) learn(*held, phase, step.number);
  }
}

const Step* StepOrder::find(std::string_view id) const {
  const auto found =
      std::ranges::find_if(places_, [&](const Place& place) { return place.step->id == id; });
  return found != places_.end() ? found->step : nullptr;
}

/// The steps that hold it, the outermost first, and the step itself.
std::vector<int> StepOrder::way_to(int number) const {
  std::vector<int> way;
  for (; number >= 0; number = place_of(number).container) way.push_back(number);
  std::ranges::reverse(way);
  return way;
}

bool StepOrder::is_in_loop(int number) const {
  for (int at = place_of(number).container; at >= 0; at = place_of(at).container) {
    if (is_loop(*place_of(at).step)) return true;
  }
  return false;
}

/// The first loop that holds the end of the way, from that one of its steps on.
const Step* StepOrder::loop_between(const std::vector<int>& way, std::size_t from) const {
  for (; from + 1 < way.size(); ++from) {
    const auto* step = place_of(way[from]).step;
    if (is_loop(*step)) return step;
  }
  return nullptr;
}

std::string StepOrder::why_unreadable(const Step& reader, bool with_itself,
                                      const Step& read) const {
  if (reader.number == read.number) return with_itself ? "" : "has not been done yet here";
  const auto way = way_to(reader.number);
  const auto other = way_to(read.number);
  const auto phase = place_of(reader.number).phase;
  if (auto why = why_not_in_phase(phase, place_of(read.number).phase); !why.empty()) return why;
  const auto [at, other_at] = std::ranges::mismatch(way, other);
  const auto common = static_cast<std::size_t>(at - way.begin());
  if (const auto* loop = loop_between(other, common)) {
    return fmt::format("is done for each item; outside of the loop its results are in '{}'",
                       loop->id);
  }
  if (other_at == other.end() || at == way.end()) return "has not been done yet here";
  if (place_of(*at).phase != place_of(*other_at).phase) return "";
  return why_not_before(place_of(*at), place_of(*other_at));
}

/// Of two steps that the same step holds, or none.
std::string StepOrder::why_not_before(const Place& reader, const Place& read) const {
  if (reader.list != read.list) {
    const auto& container = *place_of(reader.container).step;
    return std::holds_alternative<ParallelStep>(container.action)
               ? "is done beside this one"
               : "is another choice than this one";
  }
  if (is_graph(*reader.list)) {
    return needs(*reader.list, *reader.step, *read.step)
               ? ""
               : fmt::format("is not done before: name it in the `needs` of '{}'", reader.step->id);
  }
  return read.step->number < reader.step->number ? "" : "comes later";
}

bool StepOrder::needs(const std::vector<Step>& list, const Step& step, const Step& needed) {
  std::set<std::string> seen;
  std::vector<const Step*> open{&step};
  while (!open.empty()) {
    const auto* at = open.back();
    open.pop_back();
    for (const auto& id : at->needs) {
      if (id == needed.id) return true;
      const auto found = std::ranges::find(list, id, &Step::id);
      if (found != list.end() && seen.insert(id).second) open.push_back(&*found);
    }
  }
  return false;
}

std::string StepOrder::why_unreadable_at_end(const Step& read) const {
  const auto phase = place_of(read.number).phase;
  if (phase != RunPhase::steps) return fmt::format("is only there in {}", name_of(phase));
  if (const auto* loop = loop_between(way_to(read.number), 0)) {
    return fmt::format("is done for each item; outside of the loop its results are in '{}'",
                       loop->id);
  }
  return "";
}

bool StepOrder::may_be_missing(const Step& reader, const Step& read) const {
  const auto phase = place_of(reader.number).phase;
  return phase == RunPhase::on_failure || phase == RunPhase::finally ||
         place_of(reader.number).phase != place_of(read.number).phase;
}

}  // namespace tba
