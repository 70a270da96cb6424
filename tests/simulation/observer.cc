#include "tests/simulation/observer.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "daemon/storage/queries.h"

namespace tba::simulation {
namespace {

using storage::Database;

constexpr std::size_t kPage = 500;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error("the store cannot be read: " + result.error().message);
  return std::move(*result);
}

/// All items of a list that comes in pages.
template <class Ask>
auto all_of(Ask ask) {
  storage::PageRequest request{kPage, ""};
  auto page = must(ask(request));
  auto items = std::move(page.items);
  while (!page.next.empty()) {
    request.cursor = page.next;
    page = must(ask(request));
    std::ranges::move(page.items, std::back_inserter(items));
  }
  return items;
}

}  // namespace

Observer::Observer(const std::filesystem::path& path)
    : database_(must(Database::open(path, Database::Mode::read_only))) {}

std::optional<storage::Run> Observer::run(RunId id) {
  return must(storage::find_run(database_, id));
}

std::vector<storage::Step> Observer::steps(RunId id) {
  return must(storage::steps_of(database_, id, std::nullopt));
}

std::optional<storage::Step> Observer::step(RunId id, const std::string& key) {
  for (auto& step : must(storage::steps_of(database_, id, std::vector<std::string>()))) {
    if (step.key == key) return std::move(step);
  }
  return std::nullopt;
}

std::vector<RunId> Observer::runs() {
  return runs({});
}

std::vector<RunId> Observer::runs(std::vector<RunStatus> statuses) {
  storage::RunFilter filter;
  filter.statuses = std::move(statuses);
  std::vector<RunId> ids;
  const auto runs = all_of([&](const storage::PageRequest& page) {
    return storage::list_runs(database_, filter, page);
  });
  for (const auto& run : runs) ids.push_back(run.id);
  return ids;
}

std::optional<storage::Delivery> Observer::delivery(DeliveryId id) {
  return must(storage::find_delivery(database_, id));
}

std::vector<storage::Delivery> Observer::deliveries() {
  return all_of([&](const storage::PageRequest& page) {
    return storage::list_deliveries(database_, {}, page);
  });
}

std::vector<storage::Signal> Observer::signals(RunId id) {
  return must(storage::signals_for(database_, id));
}

std::vector<RunId> Observer::signalled_runs() {
  return all_of([&](const storage::PageRequest& page) {
    return storage::list_signalled_runs(database_, page);
  });
}

std::vector<storage::Event> Observer::events() {
  return all_of(
      [&](const storage::PageRequest& page) { return storage::list_events(database_, {}, page); });
}

std::vector<storage::ScheduleMark> Observer::schedules() {
  return must(storage::list_schedules(database_));
}

std::vector<std::string> Observer::log(RunId id) {
  constexpr std::size_t kMostLines = 10'000;
  std::vector<std::string> lines;
  for (auto& line : must(storage::logs_of(database_, id, 0, kMostLines))) {
    if (line.stream == "engine") lines.push_back(std::move(line.text));
  }
  return lines;
}

std::vector<Observer::Place> Observer::waiting_for_approval() {
  std::vector<Place> places;
  for (const auto& run : runs({RunStatus::running, RunStatus::waiting, RunStatus::interrupted})) {
    for (auto& step : steps(run)) {
      if (step.status == StepStatus::waiting && step.memo_json.starts_with("{\"approval\""))
        places.emplace_back(run, std::move(step.key));
    }
  }
  return places;
}

std::vector<Observer::Place> Observer::waiting_for_event(const std::string& name) {
  std::vector<Place> places;
  auto rows = database_.query(
      "SELECT run, step FROM subscriptions WHERE event = ? ORDER BY run, step", name);
  while (must(rows.next())) {
    RunId run;
    const auto bytes = rows.blob(0);
    std::ranges::copy(bytes, run.bytes.begin());
    places.emplace_back(run, std::string(rows.text(1)));
  }
  return places;
}

std::vector<Observer::Place> Observer::interrupted() {
  std::vector<Place> places;
  for (const auto& run : runs({RunStatus::running, RunStatus::waiting, RunStatus::interrupted})) {
    for (auto& step : steps(run)) {
      if (step.status == StepStatus::interrupted) places.emplace_back(run, std::move(step.key));
    }
  }
  return places;
}

std::map<std::pair<std::string, std::string>, std::vector<RunId>> Observer::in_progress() {
  std::map<std::pair<std::string, std::string>, std::vector<RunId>> runs;
  const auto limited = all_of(
      [&](const storage::PageRequest& page) { return storage::list_limited(database_, page); });
  for (const auto& run : limited) {
    if (run.status != RunStatus::queued)
      runs[{run.workflow, run.concurrency_key}].push_back(run.id);
  }
  return runs;
}

Result<std::shared_ptr<const engine::Definition>> Observer::definition(
    const storage::VersionHash& hash) {
  auto& known = definitions_[hash];
  if (known) return known;
  const auto version = must(storage::find_version(database_, hash));
  if (!version) return Error{ErrorCode::not_found, "it is not there", ""};
  auto definition = engine::definition_from(*version);
  if (definition) known = *definition;
  return definition;
}

std::vector<std::string> Observer::damage() {
  std::vector<std::string> complaints;
  auto check = database_.query("PRAGMA integrity_check");
  while (must(check.next())) {
    if (check.text(0) != "ok") complaints.emplace_back(check.text(0));
  }
  return complaints;
}

}  // namespace tba::simulation
