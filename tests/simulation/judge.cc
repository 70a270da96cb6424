#include "tests/simulation/judge.h"

#include <algorithm>

#include "tests/simulation/judges.h"

namespace tba::simulation {

Evidence Judge::evidence(Observer& observer, Evidence::Definitions workflows) {
  return {observer, journal_, ledger_, clients_, people_, history_, std::move(workflows)};
}

// --- after a crash

void Judge::judge_recovery(Observer& observer) {
  judge_file(observer);
  judge_promises(observer);
  judge_final_runs(observer);
  judge_attempts(observer);
  judge_signals(evidence(observer));
}

void Judge::judge_moment(Observer& observer) {
  judge_limits(observer, journal_);
}

/// Each attempt that was made is there, and what is done with is not done again.
void Judge::judge_attempts(Observer& observer) {
  for (const auto& [run, steps] : ledger_.runs()) {
    for (const auto& [key, attempts] : steps) {
      const auto row = observer.step(run, key);
      const auto number = attempts.back().number;
      if (!row || row->attempt < number) {
        journal_.complain("attempt {} of step '{}' of run {} was made and is not stored", number,
                          key, run.text());
        continue;
      }
      if (is_final(row->status)) ledger_.finish(run, key);
    }
  }
}

void Judge::judge_file(Observer& observer) {
  for (const auto& complaint : observer.damage())
    journal_.complain("the database is damaged: {}", complaint);
}

/// What was acknowledged is there.
void Judge::judge_promises(Observer& observer) {
  for (const auto& [key, delivered] : clients_.delivered()) {
    if (!observer.delivery(delivered.id))
      journal_.complain("the acknowledged delivery {} is lost", key);
    for (const auto& run : delivered.runs) {
      const auto row = observer.run(run);
      if (!row || row->delivery != delivered.id)
        journal_.complain("run {} of the acknowledged delivery {} is lost", run.text(), key);
    }
  }
  for (const auto& id : clients_.started()) {
    if (!observer.run(id)) journal_.complain("the acknowledged run {} is lost", id.text());
  }
}

/// What is over stays as it ended.
void Judge::judge_final_runs(Observer& observer) {
  for (const auto& id : observer.runs()) {
    const auto status = observer.run(id)->status;
    const auto before = over_.find(id);
    if (before != over_.end() && before->second != status)
      journal_.complain("run {} had {} and now is {}", id.text(), name_of(before->second),
                        name_of(status));
    if (is_final(status)) over_.emplace(id, status);
  }
}

// --- when nothing happens

void Judge::judge_pause(Observer& observer) {
  const auto known = evidence(observer);
  for (const auto& [id, run] : known.cases()) {
    judge_rest(known, run);
    judge_outcome(known, run);
    judge_lists(known, run);
    judge_steps(known, run);
    judge_sub_runs(known, run);
  }
}

void Judge::judge_answers(Observer& observer) {
  judge_signals(evidence(observer));
}

void Judge::judge_end(Observer& observer, Evidence::Definitions workflows) {
  judge_recovery(observer);
  for (const auto& name : clients_.unanswered()) journal_.complain("{} was never taken", name);
  judge_deliveries(observer);
  const auto known = evidence(observer, std::move(workflows));
  for (const auto& [id, run] : known.cases()) {
    if (!is_final(run.row.status)) known.complain(run, "it is not over");
    judge_outcome(known, run);
    judge_lists(known, run);
    judge_steps(known, run);
    judge_sub_runs(known, run);
  }
  judge_turns(known);
  judge_starts(known);
  for (const auto& run : observer.signalled_runs())
    journal_.complain("run {} has not taken what it was told", run.text());
}

/// Each delivery is there once, with the runs that were acknowledged, and no others.
void Judge::judge_deliveries(Observer& observer) {
  std::map<std::string, int> copies;
  for (const auto& delivery : observer.deliveries()) {
    if (!delivery.sender_id.empty() && ++copies[delivery.path + "/" + delivery.sender_id] > 1)
      journal_.complain("delivery {} of {} is there twice", delivery.sender_id, delivery.path);
  }
  std::map<DeliveryId, std::vector<RunId>> runs;
  for (const auto& id : observer.runs()) {
    if (const auto delivery = observer.run(id)->delivery) runs[*delivery].push_back(id);
  }
  for (const auto& [key, delivered] : clients_.delivered()) {
    auto& started = runs[delivered.id];
    std::ranges::sort(started);
    if (started != delivered.runs)
      journal_.complain("delivery {} was acknowledged with {} runs, and has {}", key,
                        delivered.runs.size(), started.size());
  }
}

}  // namespace tba::simulation
