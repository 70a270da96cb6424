#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/definitions.h"
#include "daemon/log.h"
#include "daemon/vault/credentials.h"
#include "shared/connector_catalog.h"
#include "shared/file_check.h"

namespace tba::daemon {

/// A workflow that is in force.
struct LoadedWorkflow {
  std::shared_ptr<const engine::Definition> definition;
  std::vector<std::string> held;  ///< Why it takes nothing now, as sentences; empty where it does.
};

/// A file that could not be taken. What it said before, if anything, stays in force.
struct BrokenFile {
  std::string path;
  std::string diagnostics;  ///< As they are shown to people.
};

/// What the files said when they were last read, with what their credentials allow. Immutable.
struct WorkflowSet {
  std::map<std::string, LoadedWorkflow, std::less<>> workflows;   ///< By name.
  std::map<std::string, std::string, std::less<>> webhook_paths;  ///< To the workflow's name.
  /// To the names of the workflows that events of that name may start.
  std::map<std::string, std::set<std::string>, std::less<>> event_listeners;
  std::vector<BrokenFile> broken;
  ConnectorCatalog connectors;
  std::vector<std::string> plugins;  ///< The names of those connectors that are plugins.

  const LoadedWorkflow* find(std::string_view name) const;
};

/// The configured folders of files.
struct Folders {
  std::vector<std::filesystem::path> workflows;
  std::vector<std::filesystem::path> connectors;
  std::vector<std::filesystem::path> plugins;  ///< See list_plugin_manifests().
};

/// The files of workflows, connectors and plugins of the configured folders. Every function may be
/// called from any thread.
class Workflows {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    engine::Definitions& definitions;
    const vault::Credentials& credentials;
    const Value& vars;  ///< The configuration's.
    Log& log;
    std::vector<std::string> notify_targets = {};  ///< The names that the configuration gives.
  };

  Workflows(Environment environment, Folders folders);

  /// Reads all files anew. A file that cannot be read or has errors is reported and keeps its last
  /// good version in force; one that is gone takes its workflow along. Errors: those of the store;
  /// then nothing has changed. Requires: no other reload() is under way (see Reloader).
  boost::asio::awaitable<Result<>> reload();

  /// Looks again at which workflows are held, after a credential changed.
  void reconsider();

  std::shared_ptr<const WorkflowSet> current() const;

  /// The workflow of that name, to be run now. Errors: `not_found`; `unavailable` where it is held.
  Result<std::shared_ptr<const engine::Definition>> to_run(const std::string& name) const;

  /// Checks the texts of files as if they were read now, beside what is in force. What credentials
  /// they lack is warned of.
  std::vector<CheckedFile> check(std::vector<FileText> files) const;

  /// The connector of that name as it is now; null where there is none.
  std::shared_ptr<const Connector> connector_of(const std::string& name) const;

  /// The folder of the file that the workflow is in; empty where there is no such workflow.
  std::string folder_of(const std::string& workflow) const;

 private:
  /// What files said when they were last right; by path.
  template <class T>
  using ByFile = std::map<std::string, std::shared_ptr<const T>>;

  void warn_of_outside_names(const WorkflowSet& set) const;
  ByFile<Connector> read_connectors(WorkflowSet& set) const;
  ByFile<engine::Definition> read_workflows(WorkflowSet& set) const;
  std::string problem_with(const OutsideName& use, const Connector* connector,
                           const ConnectorCatalog& catalog) const;
  std::vector<std::string> reasons_to_hold(const engine::Definition& definition,
                                           const ConnectorCatalog& catalog) const;
  void publish(WorkflowSet set);

  Environment environment_;
  const Folders folders_;
  ByFile<Connector> good_connectors_;
  ByFile<engine::Definition> good_workflows_;
  std::mutex publishing_;  // held from reading current_ to replacing it
  mutable std::mutex mutex_;
  std::shared_ptr<const WorkflowSet> current_;  // guarded by mutex_
};

}  // namespace tba::daemon
