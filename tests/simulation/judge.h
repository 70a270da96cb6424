#pragma once

#include <map>

#include "tests/simulation/evidence.h"

namespace tba::simulation {

/// Holds what is stored against what was promised (clients.h, people.h) and what was done
/// (ledger.h).
class Judge {
 public:
  /// All must outlive it.
  Judge(Journal& journal, Ledger& ledger, const Clients& clients, const People& people,
        const History& history)
      : journal_(journal), ledger_(ledger), clients_(clients), people_(people), history_(history) {}

  /// What a daemon finds, before it goes on with anything.
  void judge_recovery(Observer& observer);

  /// What is in progress at any moment.
  void judge_moment(Observer& observer);

  /// What there is when nothing more happens by itself.
  void judge_pause(Observer& observer);

  /// The same, after people have answered what they were asked.
  void judge_answers(Observer& observer);

  /// What there is in the end, when nobody is asked for anything any more. `workflows` are those in
  /// force.
  void judge_end(Observer& observer, Evidence::Definitions workflows);

 private:
  Evidence evidence(Observer& observer, Evidence::Definitions workflows = {});
  void judge_file(Observer& observer);
  void judge_promises(Observer& observer);
  void judge_final_runs(Observer& observer);
  void judge_attempts(Observer& observer);
  void judge_deliveries(Observer& observer);

  Journal& journal_;
  Ledger& ledger_;
  const Clients& clients_;
  const People& people_;
  const History& history_;
  std::map<RunId, RunStatus> over_;  // runs that were seen to be over
};

}  // namespace tba::simulation
