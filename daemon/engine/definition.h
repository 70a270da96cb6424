#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/storage/records.h"
#include "shared/error.h"
#include "shared/workflow.h"

namespace tba::engine {

/// What the expressions of a workflow read of what a run has come to: all that has to be at hand
/// when it goes on.
struct Reads {
  bool trigger = false;  ///< Whether any reads `.trigger`.
  /// The steps whose results are read, beyond outcome and error; none: those of all.
  std::optional<std::vector<std::string>> results = std::vector<std::string>();
};

/// What a run executes: a workflow with the connectors it uses, as they were when the run began.
/// Immutable and shared.
struct Definition {
  storage::VersionHash hash{};
  std::shared_ptr<const Workflow> workflow;
  std::map<std::string, std::shared_ptr<const Connector>, std::less<>> connectors;
  Reads reads;
};

/// Puts a workflow and its connectors together. The hash covers the texts of all of them, so it
/// changes exactly when what a run would do may change.
std::shared_ptr<const Definition> define(
    Workflow workflow,
    std::map<std::string, std::shared_ptr<const Connector>, std::less<>> connectors);

/// The definition as it is kept in the store.
storage::WorkflowVersion version_of(const Definition& definition);

/// Reads a kept definition back. Fails with `internal` where this release no longer understands it.
Result<std::shared_ptr<const Definition>> definition_from(const storage::WorkflowVersion& version);

/// What may be done with an attempt of the step that may have acted: as written, else by its kind
/// and method.
Effect effect_of(const Definition& definition, const Step& step);

/// The policy by which a failed attempt of the step is tried again.
RetryPolicy retry_policy_of(const Definition& definition, const Step& step);

/// The step of that key among the workflow's lists, or nullptr.
const Step* find_step(const Workflow& workflow, std::string_view key);

}  // namespace tba::engine
