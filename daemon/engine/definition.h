#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/storage/records.h"
#include "shared/error.h"
#include "shared/workflow.h"

namespace tba::engine {

/// What the expressions of a workflow read of what a run has come to: all that has to be at hand
/// when it goes on.
struct Reads {
  bool trigger = false;  ///< Whether any reads `.trigger`.
  /// The ids of the steps whose results are read, beyond outcome and error; none: those of all.
  std::optional<std::vector<std::string>> results = std::vector<std::string>();
};

/// What a run executes: a workflow with the connectors it uses, as they were when the run began.
/// Immutable and shared.
struct Definition {
  storage::VersionHash hash{};
  std::shared_ptr<const Workflow> workflow;
  std::map<std::string, std::shared_ptr<const Connector>, std::less<>> connectors;
  Reads reads;
  std::unordered_map<std::string_view, const Step*> steps;  ///< By id.
  /// The steps whose results can be read in one scope: those outside of all loops (null), or those
  /// that a loop does for each item. Loops within them count, what these do does not.
  std::unordered_map<const Step*, std::vector<const Step*>> scopes;
  /// The step that holds it, of each that is held by one.
  std::unordered_map<const Step*, const Step*> containers;

  /// The step of that id or key, or null. A key ends with the id (step_states.h), that of the call
  /// of a page with its number too.
  const Step* step(std::string_view key) const;

  /// Which of the workflow's lists it is in, or is held in.
  RunPhase phase_of(const Step& step) const;
};

/// The lists that a scope of its own is opened for: what `for_each` does is done for each item.
bool opens_scope(const Step& step);

/// Puts a workflow and its connectors together. The hash covers the texts of all of them, so it
/// changes exactly when what a run would do may change.
std::shared_ptr<const Definition> define(
    Workflow workflow,
    std::map<std::string, std::shared_ptr<const Connector>, std::less<>> connectors);

/// The definition as it is kept in the store.
storage::WorkflowVersion version_of(const Definition& definition);

/// Reads a kept definition back. Fails with `internal` where this release no longer understands it.
Result<std::shared_ptr<const Definition>> definition_from(const storage::WorkflowVersion& version);

/// Whether what the step does is carried out by attempts.
bool is_attempted(const Step& step);

/// What may be done with an attempt of the step that may have acted: as written, else by its kind
/// and method.
Effect effect_of(const Definition& definition, const Step& step);

/// The same for an endpoint of a connector, where nothing is written.
Effect effect_of(const Connector& connector, std::string_view endpoint);

/// The policy by which a failed attempt of the step is tried again.
RetryPolicy retry_policy_of(const Definition& definition, const Step& step);

/// The same for an endpoint of a connector, where neither step nor workflow say anything.
RetryPolicy retry_policy_of(const Connector& connector, std::string_view endpoint);

}  // namespace tba::engine
