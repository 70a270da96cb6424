#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/engine/definition.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/history.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/people.h"

namespace tba::simulation {

/// Everything that is known of one run.
struct Case {
  storage::Run row;
  std::vector<storage::Step> steps;
  std::shared_ptr<const engine::Definition> definition;
  Value number;  ///< What `.trigger.body.n?` gives.
  Value input;   ///< What `.inputs.n` gives.

  const Workflow& workflow() const { return *definition->workflow; }

  /// The step of that key, or null.
  const storage::Step* find(std::string_view key) const;

  /// The step of that id that a step of that key can read, or null.
  const storage::Step* readable(std::string_view id, std::string_view from_key) const;
};

/// Everything there is to judge by at a moment: what is stored, what was promised, and what was
/// done.
class Evidence {
 public:
  using Definitions = std::map<std::string, std::shared_ptr<const engine::Definition>>;

  /// All must outlive it. `workflows` are those in force, by name.
  Evidence(Observer& observer, Journal& journal, const Ledger& ledger, const Clients& clients,
           const People& people, const History& history, Definitions workflows);

  Observer& observer;
  Journal& journal;
  const Ledger& ledger;
  const Clients& clients;
  const People& people;
  const History& history;

  const Definitions& workflows() const { return workflows_; }
  const std::map<RunId, Case>& cases() const { return cases_; }
  const Case* find(RunId run) const;

  /// The sub-runs of a step, by its key.
  const std::vector<RunId>& sub_runs(RunId run, const std::string& step) const;

  /// Whether an attempt of that step was answered so in any run of the workflow.
  bool was_answered(const std::string& workflow, const std::string& step_id,
                    const std::string& result_json) const;

  /// A promise about the run was broken.
  template <class... Arguments>
  void complain(const Case& run, fmt::format_string<Arguments...> format,
                Arguments&&... arguments) const {
    journal.complain("run {} of {} ({}): {}", run.row.id.text(), run.row.workflow,
                     name_of(run.row.status),
                     fmt::format(format, std::forward<Arguments>(arguments)...));
    show(run);
  }

 private:
  void show(const Case& run) const;
  void add(RunId id);

  Definitions workflows_;
  mutable std::set<RunId> shown_;  // in the journal
  std::map<RunId, Case> cases_;
  std::map<std::pair<RunId, std::string>, std::vector<RunId>> sub_runs_;
};

/// The body of what a step has left; null where it left nothing.
Value body_of(const storage::Step* step);

/// The number in a body; null where there is none.
Value number_in(const Value& body);

}  // namespace tba::simulation
