#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/workflow.h"

namespace tba {

/// Which steps of a workflow surely are done before which others.
class StepOrder {
 public:
  /// The workflow must outlive it.
  explicit StepOrder(const Workflow& workflow);

  /// The step of that id, or null.
  const Step* find(std::string_view id) const;

  /// Why a step cannot read what another one leaves, to be put behind that one's name ("comes
  /// later"); empty where it can. `with_itself`: whether the reader is done itself.
  std::string why_unreadable(const Step& reader, bool with_itself, const Step& read) const;

  /// The same for what is evaluated when all steps are done.
  std::string why_unreadable_at_end(const Step& read) const;

  const Step& at(int number) const { return *place_of(number).step; }
  RunPhase phase_of(int number) const { return place_of(number).phase; }

  /// Whether the step is done for each item of a loop.
  bool is_in_loop(int number) const;

  /// Whether the run may have gone past the step without doing it, or may come to it only in some
  /// runs, where the reader stands: then what it leaves is null.
  bool may_be_missing(const Step& reader, const Step& read) const;

 private:
  struct Place {
    const Step* step = nullptr;
    int container = -1;  // number of the step that holds it
    const std::vector<Step>* list = nullptr;
    RunPhase phase = RunPhase::steps;
  };

  void learn(const std::vector<Step>& list, RunPhase phase, int container);
  const Place& place_of(int number) const { return places_[static_cast<std::size_t>(number)]; }
  std::vector<int> way_to(int number) const;
  std::string why_not_before(const Place& reader, const Place& read) const;
  static bool needs(const std::vector<Step>& list, const Step& step, const Step& needed);
  const Step* loop_between(const std::vector<int>& way, std::size_t from) const;

  std::vector<Place> places_;  // by number
};

}  // namespace tba
