#include <algorithm>
#include <tuple>

#include "shared/value/json.h"
#include "tests/simulation/judges.h"

namespace tba::simulation {
namespace {

using namespace std::chrono_literals;

/// How much later than something has happened to a run others may hear of that, or it may itself.
constexpr Duration kStoring = 5s;

/// The key that a run shares its limit by, also where it was skipped; as the files have it.
std::string key_of(const Case& run) {
  const auto& rule = *run.workflow().concurrency;
  if (!rule.key) return "null";
  return std::to_string(run.number.is_null() ? 0 : run.number.as_integer() % 2);
}

void judge_skip(const Evidence& evidence, const Case& run) {
  const auto& rule = run.workflow().concurrency;
  if (!rule || rule->when_busy != Concurrency::WhenBusy::skip)
    return evidence.complain(run, "no rule says so");
  const auto at = run.row.created_at;
  const auto busy = std::ranges::count_if(evidence.cases(), [&](const auto& each) {
    const auto& [id, other] = each;
    return id != run.row.id && other.row.created_at <= at &&
           other.row.workflow == run.row.workflow && other.row.status != RunStatus::skipped &&
           key_of(other) == key_of(run) &&
           other.row.finished_at.value_or(Instant::max()) >= at - kStoring;
  });
  if (busy < rule->limit && !evidence.history.disk_failed && !evidence.history.clock_was_set)
    evidence.complain(run, "there was a place for it: {} of {} are taken", busy, rule->limit);
}

}  // namespace

void judge_turns(const Evidence& evidence) {
  std::map<std::pair<std::string, std::string>, std::vector<const Case*>> begun;
  for (const auto& [id, run] : evidence.cases()) {
    if (run.row.status == RunStatus::skipped) judge_skip(evidence, run);
    if (run.workflow().concurrency && run.row.started_at)
      begun[{run.row.workflow, key_of(run)}].push_back(&run);
  }
  if (evidence.history.clock_was_set) return;  // instants do not tell what came first
  for (auto& [key, runs] : begun) {
    const auto created_at = [](const Case* run) { return run->row.created_at; };
    std::ranges::stable_sort(runs, {}, created_at);
    for (std::size_t i = 1; i < runs.size(); ++i) {
      const auto& before = runs[i - 1]->row;
      if (before.created_at<runs[i]->row.created_at&& * before.started_at> *
              runs[i]->row.started_at +
          kStoring)
        evidence.complain(*runs[i], "it began before {}, which came first", before.id.text());
    }
  }
}

void judge_limits(Observer& observer, Journal& journal) {
  // Those that were interrupted gave their places away, and go on whoever has taken them.
  const auto was_interrupted = [&](RunId run) {
    return std::ranges::any_of(observer.log(run), [](const std::string& line) {
      return line.starts_with("interrupted: ");
    });
  };
  for (const auto& [key, runs] : observer.in_progress()) {
    const auto definition = observer.definition(observer.run(runs.front())->version).value();
    const auto limit = definition->workflow->concurrency.value().limit;
    if (std::ssize(runs) <= limit) continue;
    if (std::ssize(runs) - std::ranges::count_if(runs, was_interrupted) <= limit) continue;
    std::string ids;
    for (const auto& run : runs)
      ids += fmt::format(" {} ({})", run.text(), name_of(observer.run(run)->status));
    journal.complain("more runs of {} with key {} are in progress than {}:{}", key.first,
                     key.second, limit, ids);
  }
}

}  // namespace tba::simulation
