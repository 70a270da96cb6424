#include "shared/outside_names.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "shared/suggestion.h"
#include "shared/workflow.h"

namespace tba {
namespace {

/// How messages speak of a kind of names.
struct Wording {
  std::string_view is_not_there;
  std::string_view is_not_known;
  std::string_view hint;
};
constexpr Wording kWorkflowWording{
    "there is no workflow '{}'", "no workflow '{}' is known here",
    "it has to be in a folder that the daemon reads its workflows from"};
constexpr Wording kTargetWording{"there is no target '{}' to notify",
                                 "no target '{}' to notify is known here",
                                 "name it in `notify:` of config.yaml"};

void check_name(const OutsideName& name, const KnownNames& known, const Wording& wording,
                Diagnostics& diagnostics) {
  if (std::ranges::find(known.names, name.name) != known.names.end()) return;
  const auto what = known.is_complete ? wording.is_not_there : wording.is_not_known;
  auto message = fmt::format(fmt::runtime(what), name.name) + did_you_mean(name.name, known.names);
  const auto report = known.is_complete ? &Diagnostics::error : &Diagnostics::warning;
  (diagnostics.*report)(name.where, 0, name.name.size(), std::move(message),
                        std::string(wording.hint));
}

}  // namespace

void check_outside_names(const Workflow& workflow, const Outside& outside,
                         Diagnostics& diagnostics) {
  for (const auto& name : workflow.outside_names) {
    if (name.kind == OutsideName::Kind::workflow) {
      if (outside.workflows != nullptr)
        check_name(name, *outside.workflows, kWorkflowWording, diagnostics);
    } else if (name.kind == OutsideName::Kind::notify_target) {
      if (outside.notify_targets != nullptr)
        check_name(name, *outside.notify_targets, kTargetWording, diagnostics);
    } else if (outside.credential_problem) {
      auto problem = outside.credential_problem(name);
      if (problem.empty()) continue;
      diagnostics.warning(name.where, 0, name.name.size(), std::move(problem),
                          "the workflow is held until that is mended");
    }
  }
}

}  // namespace tba
