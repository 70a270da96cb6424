#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/engine/definition.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/observer.h"

namespace tba::simulation {

/// Holds what is stored against what was promised (clients.h) and what was done (ledger.h).
class Judge {
 public:
  Judge(Journal& journal, Ledger& ledger, const Clients& clients)
      : journal_(journal), ledger_(ledger), clients_(clients) {}

  /// What a daemon finds, before it goes on with anything.
  void judge_recovery(Observer& observer);

  /// What there is in the end, when nothing more will happen. `life` is that of the last daemon.
  void judge_end(Observer& observer, int life);

 private:
  struct Case;  // one run

  void judge_file(Observer& observer);
  void judge_promises(Observer& observer);
  void judge_final_runs(Observer& observer);
  void judge_slots(Observer& observer);
  void judge_deliveries(Observer& observer);

  void judge_run(const Case& run);
  void judge_outcome(const Case& run);
  void judge_step(const Case& run, const storage::Step& step);
  void judge_attempts(const Case& run, const storage::Step& step);
  void judge_copies(const Case& run, const storage::Step& step);
  template <class... Arguments>
  void complain(const Case& run, fmt::format_string<Arguments...> format, Arguments&&... arguments);

  Journal& journal_;
  Ledger& ledger_;
  const Clients& clients_;
  int life_ = 0;
  std::map<RunId, RunStatus> over_;  // runs that were seen to be over
};

}  // namespace tba::simulation
